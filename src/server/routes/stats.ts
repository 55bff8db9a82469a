import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { Auth } from '../../core/auth.ts'
import { secured } from '../../fastify/secured.ts'
import type { Guards } from '../../http/guards/guards.ts'

const Stats = {
  title: 'Stats',
  type: 'object',
  required: ['status', 'requested_by', 'users'],
  properties: {
    status: { type: 'string', enum: ['ok'] },
    requested_by: { type: 'string', description: 'The name of the user who asks' },
    users: {
      title: 'UserCounts',
      type: 'object',
      required: ['total', 'active', 'by_role'],
      properties: {
        total: { type: 'integer' },
        active: { type: 'integer' },
        by_role: {
          type: 'object',
          description: 'How many users have each role',
          additionalProperties: { type: 'integer' },
        },
      },
    },
  },
} as const

/** How many users there are. In the scope of the administrators' routes. */
export const statsRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { auth: Auth; guards: Guards }
}> = async (app, { auth: { users }, guards: { requirePermission } }) => {
  app.get(
    '/stats',
    {
      schema: {
        tags: ['admin'],
        operationId: 'getStats',
        summary: 'How many users there are',
        success: 'The number of users',
        response: { 200: Stats },
      },
    },
    secured(requirePermission('stats:read'), async (user) => {
      const { total, active, byRole } = await users.counts()
      return {
        status: 'ok' as const,
        requested_by: user.username,
        users: { total, active, by_role: byRole },
      }
    }),
  )
}
