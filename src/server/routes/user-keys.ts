import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { ApiKeys } from '../../core/api-keys/api-keys.ts'
import { existing } from '../../core/users/user.ts'
import type { Users } from '../../core/users/users.ts'
import { sendProblem } from '../../fastify/refusal-handler.ts'
import { secured } from '../../fastify/secured.ts'
import { ApiKeyAnswer, apiKeyAnswer } from '../../http/endpoints/api-key-answer.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { originOf } from '../logging/event-log.ts'
import { noUser } from './answers.ts'
import { loggedInWith } from './recent-login.ts'
import { NoContent, plainText, UserId } from './schemas.ts'

const KeyOfUser = {
  type: 'object',
  required: ['id', 'key'],
  properties: {
    ...UserId.properties,
    key: { type: 'string', pattern: plainText as string, description: 'The id of the API key' },
  },
} as const
const UserKeyList = {
  title: 'UserApiKeyList',
  type: 'object',
  required: ['keys'],
  properties: { keys: { type: 'array', items: ApiKeyAnswer } },
} as const
const tags = ['admin']

/** The API keys of users. In the scope of the administrators' routes, where there are API keys. */
export const userKeyRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { users: Users; apiKeys: ApiKeys; guards: Guards }
}> = async (app, { users, apiKeys, guards }) => {
  const readerWithLogin = loggedInWith(guards, 'users:read')
  const writerWithLogin = loggedInWith(guards, 'users:write')

  app.get(
    '/users/:id/keys',
    {
      schema: {
        tags,
        operationId: 'listUserKeys',
        summary: 'The API keys of a user',
        success: 'The API keys of the user, the oldest first',
        problems: noUser,
        params: UserId,
        response: { 200: UserKeyList },
      },
    },
    secured(readerWithLogin, async (_admin, request) => {
      const { id } = existing(await users.find(request.params.id))
      return { keys: (await apiKeys.list(id)).map(apiKeyAnswer) }
    }),
  )

  app.delete(
    '/users/:id/keys',
    {
      schema: {
        tags,
        operationId: 'endUserKeys',
        summary: 'End all API keys of a user',
        success: 'Every API key of the user has ended',
        problems: noUser,
        params: UserId,
        response: { 204: NoContent },
      },
    },
    secured(writerWithLogin, async (admin, request, reply) => {
      const { id } = existing(await users.find(request.params.id))
      await apiKeys.endAll(id, originOf(admin, request))
      return reply.code(204).send(null)
    }),
  )

  app.delete(
    '/users/:id/keys/:key',
    {
      schema: {
        tags,
        operationId: 'endUserKey',
        summary: 'End an API key of a user',
        success: 'The API key has ended',
        problems: { 404: 'There is no such API key' },
        params: KeyOfUser,
        response: { 204: NoContent },
      },
    },
    secured(writerWithLogin, async (admin, request, reply) => {
      const { id, key } = request.params
      const ended = await apiKeys.end(id, key, originOf(admin, request))
      return ended
        ? reply.code(204).send(null)
        : sendProblem(reply, 404, 'There is no such API key.')
    }),
  )
}
