import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { Factors } from '../../core/factors/factor-calls.ts'
import { existing } from '../../core/users/user.ts'
import type { Users } from '../../core/users/users.ts'
import { secured } from '../../fastify/secured.ts'
import { FactorList, factorAnswer } from '../../http/endpoints/factor-answers.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { originOf } from '../logging/event-log.ts'
import { noUser } from './answers.ts'
import { requireRecentWriter } from './recent-login.ts'
import { NoContent, plainText, UserId } from './schemas.ts'

const FactorOfUser = {
  type: 'object',
  required: [...UserId.required, 'factor'],
  properties: {
    ...UserId.properties,
    factor: { type: 'string', pattern: plainText as string, description: 'The id of the factor' },
  },
} as const
const tags = ['admin']
const noFactor = { 404: 'There is no such user, or no such second factor' } as const
const ownLast = {
  409: 'It is your own last one, and your role demands one, or your last passkey without a password',
} as const

/** The second factors of users, for administrators: seen without a secret, and ended. Where there are factors. */
export const userFactorRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { users: Users; factors: Factors; guards: Guards }
}> = async (app, { users, factors, guards }) => {
  const usersReader = guards.requirePermission('users:read')
  const recentWriter = requireRecentWriter({ factors }, guards)

  app.get(
    '/users/:id/factors',
    {
      schema: {
        tags,
        operationId: 'listUserFactors',
        summary: 'Second factors of a user',
        success: 'The second factors of the user',
        problems: noUser,
        params: UserId,
        response: { 200: FactorList },
      },
    },
    secured(usersReader, async (_admin, request) => {
      const { id } = existing(await users.find(request.params.id))
      return {
        factors: (await factors.list(id)).map(factorAnswer),
        recovery_codes_left: await factors.recoveryCodesLeft(id),
      }
    }),
  )

  app.delete(
    '/users/:id/factors',
    {
      schema: {
        tags,
        operationId: 'resetUserFactors',
        summary: 'Remove all second factors of a user',
        success: 'The user has no second factor, and no recovery code',
        problems: { ...noFactor, ...ownLast },
        description: 'For who has lost theirs. Ends every login of the user, who is told by mail.',
        params: UserId,
        response: { 204: NoContent },
      },
    },
    secured(recentWriter, async (admin, request, reply) => {
      await factors.reset(request.params.id, { by: originOf(admin, request) })
      return reply.code(204).send(null)
    }),
  )

  app.delete(
    '/users/:id/factors/:factor',
    {
      schema: {
        tags,
        operationId: 'removeUserFactor',
        summary: 'Remove a second factor of a user',
        success: 'The factor is removed',
        problems: { ...noFactor, ...ownLast },
        description: 'Ends every login of the user, who is told by mail.',
        params: FactorOfUser,
        response: { 204: NoContent },
      },
    },
    secured(recentWriter, async (admin, request, reply) => {
      const { id, factor } = request.params
      await factors.reset(id, { id: factor, by: originOf(admin, request) })
      return reply.code(204).send(null)
    }),
  )
}
