import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { Auth } from '../../core/auth.ts'
import { sendProblem } from '../../fastify/refusal-handler.ts'

const Health = {
  title: 'Health',
  type: 'object',
  required: ['status'],
  properties: { status: { type: 'string', enum: ['ok'] } },
} as const

/** For the supervisor that restarts processes (live) and the load balancer in front (ready). */
export const healthRoutes: FastifyPluginAsyncJsonSchemaToTs<{ Options: { auth: Auth } }> = async (
  app,
  { auth },
) => {
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
  })

  app.get(
    '/health/live',
    {
      schema: {
        tags: ['health'],
        security: [],
        operationId: 'getLiveness',
        summary: 'The process runs',
        success: 'The process runs',
        response: { 200: Health },
      },
    },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/health/ready',
    {
      schema: {
        tags: ['health'],
        security: [],
        operationId: 'getReadiness',
        summary: 'The process can serve requests',
        success: 'The process can serve requests',
        problems: { 503: 'It is shutting down, or the database does not answer' },
        response: { 200: Health },
      },
    },
    async (request, reply) => {
      if (closing) return sendProblem(reply, 503, 'The server is shutting down.')
      try {
        await auth.check()
        return { status: 'ok' as const }
      } catch (error) {
        request.log.error({ err: error }, 'the database does not answer')
        reply.header('retry-after', 2)
        return sendProblem(reply, 503, 'The database does not answer.')
      }
    },
  )
}
