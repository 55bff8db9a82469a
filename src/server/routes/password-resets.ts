import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { PasswordReset } from '../../core/accounts/password-reset.ts'
import { existing, type User } from '../../core/users/user.ts'
import type { Users } from '../../core/users/users.ts'
import { sendProblem } from '../../fastify/refusal-handler.ts'
import { secured } from '../../fastify/secured.ts'
import { Accepted, accepted } from '../../http/endpoints/account-answers.ts'
import type { Guard } from '../../http/guards/guard.ts'
import { originOf } from '../logging/event-log.ts'
import { noUser } from './answers.ts'
import { UserId } from './schemas.ts'

const ResetLink = {
  title: 'ResetLink',
  type: 'object',
  required: ['link'],
  properties: { link: { type: 'string', description: 'To be handed over. Shown once' } },
} as const
const NewReset = {
  title: 'NewPasswordReset',
  type: ['object', 'null'],
  properties: {
    return_link: {
      type: 'boolean',
      description: 'Show the link here, and mail nothing. Default false',
    },
  },
  additionalProperties: false,
} as const

/** Links for users who forgot their password. In the scope of the administrators' routes. */
export const passwordResetRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { passwordReset: PasswordReset; users: Users; recentWriter: Guard<User> }
}> = async (app, { passwordReset, users, recentWriter }) => {
  app.post(
    '/users/:id/password-reset',
    {
      schema: {
        tags: ['admin'],
        operationId: 'resetUserPassword',
        summary: 'Let a user choose a new password',
        success: 'A link is mailed, or shown here',
        problems: { ...noUser, 409: 'The user is inactive, or nothing can be mailed to them' },
        description: 'Ends nothing yet: the user chooses the password behind the link.',
        params: UserId,
        body: NewReset,
        response: { 201: ResetLink, 202: Accepted },
      },
    },
    secured(recentWriter, async (admin, request, reply) => {
      const { id } = request.params
      const by = originOf(admin, request)
      if (!existing(await users.find(id)).active) {
        return sendProblem(reply, 409, 'The user is inactive: reactivate them first.')
      }
      if (request.body?.return_link) {
        return reply.code(201).send({ link: await passwordReset.link(id, by) })
      }
      if (await passwordReset.send(id, by)) return reply.code(202).send(accepted)
      return sendProblem(
        reply,
        409,
        'Nothing can be mailed to this user: send {"return_link":true} and hand the link over.',
      )
    }),
  )
}
