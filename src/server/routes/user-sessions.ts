import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { Auth } from '../../core/auth.ts'
import { existing } from '../../core/users/user.ts'
import { sendProblem } from '../../fastify/refusal-handler.ts'
import { secured } from '../../fastify/secured.ts'
import { SessionAnswer, sessionAnswer } from '../../http/endpoints/known-facts.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { originOf } from '../logging/event-log.ts'
import { missingSession, noUser } from './answers.ts'
import { NoContent, noSession, SessionId, UserId } from './schemas.ts'

const SessionOfUser = {
  type: 'object',
  required: [...UserId.required, ...SessionId.required],
  properties: { ...UserId.properties, ...SessionId.properties },
} as const
const SessionList = {
  title: 'SessionList',
  type: 'object',
  required: ['sessions'],
  properties: { sessions: { type: 'array', items: SessionAnswer } },
} as const
const tags = ['admin']

/** Where users are logged in. In the scope of the administrators' routes. */
export const userSessionRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { auth: Auth; guards: Guards }
}> = async (app, { auth: { users, sessions }, guards: { requirePermission } }) => {
  const usersReader = requirePermission('users:read')
  const usersWriter = requirePermission('users:write')

  app.get(
    '/users/:id/sessions',
    {
      schema: {
        tags,
        operationId: 'listUserSessions',
        summary: 'Where a user is logged in',
        success: 'The sessions of the user',
        problems: noUser,
        params: UserId,
        response: { 200: SessionList },
      },
    },
    secured(usersReader, async (_admin, request) => {
      const { id } = existing(await users.find(request.params.id))
      return { sessions: (await sessions.list(id)).map(sessionAnswer) }
    }),
  )

  app.delete(
    '/users/:id/sessions',
    {
      schema: {
        tags,
        operationId: 'endUserSessions',
        summary: 'Log a user out everywhere',
        success: 'Every session of the user has ended',
        problems: noUser,
        params: UserId,
        response: { 204: NoContent },
      },
    },
    secured(usersWriter, async (admin, request, reply) => {
      await users.endSessions(request.params.id, originOf(admin, request))
      return reply.code(204).send(null)
    }),
  )

  app.delete(
    '/users/:id/sessions/:session',
    {
      schema: {
        tags,
        operationId: 'endUserSession',
        summary: 'Log a user out on one device',
        success: 'The session has ended',
        problems: missingSession,
        params: SessionOfUser,
        response: { 204: NoContent },
      },
    },
    secured(usersWriter, async (admin, request, reply) => {
      const ended = await sessions.end(request.params.session, {
        userId: request.params.id,
        by: originOf(admin, request),
      })
      return ended ? reply.code(204).send(null) : sendProblem(reply, 404, noSession)
    }),
  )
}
