import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { Auth } from '../../core/auth.ts'
import { internals } from '../../core/internals.ts'
import { secured } from '../../fastify/secured.ts'
import { Instant } from '../../http/endpoints/known-facts.ts'
import { UserFieldsChange } from '../../http/endpoints/user-fields.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { originOf } from '../logging/event-log.ts'
import { lastAdmin, noUser, refusedEmail, refusedFields, refusedUsername } from './answers.ts'
import { requireRecentWriter } from './recent-login.ts'
import {
  Email,
  NoContent,
  renaming,
  UserAnswer,
  UserId,
  UsernameChange,
  userAnswer,
} from './schemas.ts'

const EmailChange = {
  title: 'EmailChange',
  type: 'object',
  required: ['email'],
  properties: {
    email: Email,
    verified: {
      type: 'boolean',
      description: 'You know that the user reads it. Default false: it gives nothing',
    },
  },
  additionalProperties: false,
} as const
const Suspension = {
  title: 'Suspension',
  type: 'object',
  required: ['until'],
  properties: { until: Instant },
  additionalProperties: false,
} as const
const FieldsChange = {
  title: 'FieldsChange',
  type: 'object',
  required: ['fields'],
  properties: { fields: UserFieldsChange as typeof UserFieldsChange },
  additionalProperties: false,
} as const
const tags = ['admin']

/** What administrators do with names, addresses and suspensions of users. Guarded as the other routes are. */
export const adminAccountRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { auth: Auth; guards: Guards }
}> = async (app, { auth, guards }) => {
  const { users } = auth
  const usersWriter = guards.requirePermission('users:write')
  // An administrator who reads the address of a user can set the password.
  const recentWriter = requireRecentWriter(auth, guards)

  app.put(
    '/users/:id/username',
    {
      schema: {
        tags,
        operationId: 'renameUser',
        summary: 'Change the username of a user',
        success: 'The changed user',
        problems: { ...noUser, ...refusedUsername },
        description: renaming,
        params: UserId,
        body: UsernameChange,
        response: { 200: UserAnswer },
      },
    },
    secured(usersWriter, async (admin, request) =>
      userAnswer(
        await users.rename(request.params.id, request.body.username, originOf(admin, request)),
      ),
    ),
  )

  if (auth[internals].fields.isOn) {
    app.patch(
      '/users/:id',
      {
        schema: {
          tags,
          operationId: 'changeUserFields',
          summary: 'Change the own fields of a user',
          success: 'The changed user',
          problems: { ...noUser, ...refusedFields },
          description: 'Members that are left out stay as they are.',
          params: UserId,
          body: FieldsChange,
          response: { 200: UserAnswer },
        },
      },
      secured(usersWriter, async (admin, request) =>
        userAnswer(
          await users.updateFields(
            request.params.id,
            request.body.fields,
            originOf(admin, request),
          ),
        ),
      ),
    )
  }

  app.put(
    '/users/:id/email',
    {
      schema: {
        tags,
        operationId: 'setUserEmail',
        summary: 'Set the e-mail address of a user',
        success: 'The changed user',
        problems: { ...noUser, ...refusedEmail },
        description: 'Ends every login of the user, and every link that was mailed.',
        params: UserId,
        body: EmailChange,
        response: { 200: UserAnswer },
      },
    },
    secured(recentWriter, async (admin, request) => {
      const { email, verified } = request.body
      const by = originOf(admin, request)
      return userAnswer(await users.setEmail(request.params.id, email, { verified }, by))
    }),
  )

  app.delete(
    '/users/:id/email',
    {
      schema: {
        tags,
        operationId: 'removeUserEmail',
        summary: 'Remove the e-mail address of a user',
        success: 'The user has no address',
        problems: noUser,
        description: 'Ends every login of the user, and every link that was mailed.',
        params: UserId,
        response: { 204: NoContent },
      },
    },
    secured(recentWriter, async (admin, request, reply) => {
      await users.setEmail(request.params.id, null, {}, originOf(admin, request))
      return reply.code(204).send(null)
    }),
  )

  app.post(
    '/users/:id/suspend',
    {
      schema: {
        tags,
        operationId: 'suspendUser',
        summary: 'Suspend a user until a date',
        success: 'The suspended user',
        problems: {
          ...noUser,
          ...lastAdmin,
          422: 'The end is not in the future: `errors` says so',
        },
        description:
          'Refuses the user as a deactivation does, and revokes every session. It ends by itself.',
        params: UserId,
        body: Suspension,
        response: { 200: UserAnswer },
      },
    },
    secured(usersWriter, async (admin, request) => {
      const { until } = request.body
      return userAnswer(await users.suspend(request.params.id, until, originOf(admin, request)))
    }),
  )

  app.post(
    '/users/:id/resume',
    {
      schema: {
        tags,
        operationId: 'resumeUser',
        summary: 'End the suspension of a user',
        success: 'The user, who can log in again',
        problems: noUser,
        params: UserId,
        response: { 200: UserAnswer },
      },
    },
    secured(usersWriter, async (admin, request) =>
      userAnswer(await users.resume(request.params.id, originOf(admin, request))),
    ),
  )
}
