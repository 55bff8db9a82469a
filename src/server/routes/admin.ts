import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import type { Auth } from '../../core/auth.ts'
import { existing } from '../../core/users/user.ts'
import { secured } from '../../fastify/secured.ts'
import { UserFieldsChange } from '../../http/endpoints/user-fields.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { originOf } from '../logging/event-log.ts'
import { busy, lastAdmin, noUser, refused } from './answers.ts'
import {
  loggedInWith,
  recentGiver,
  requireRecentGiver,
  requireRecentWriter,
} from './recent-login.ts'
import {
  Email,
  NextPage,
  NoContent,
  Password,
  plainText,
  Role,
  readLimit,
  UserAnswer,
  UserId,
  userAnswer,
} from './schemas.ts'

const UserPage = {
  title: 'UserPage',
  type: 'object',
  required: ['users', 'next'],
  properties: { users: { type: 'array', items: UserAnswer }, next: NextPage },
} as const
const NewUser = {
  title: 'NewUser',
  type: 'object',
  required: ['username', 'password'],
  properties: {
    username: { type: 'string' },
    password: Password,
    role: Role,
    email: Email,
    email_verified: {
      type: 'boolean',
      description: 'You know that the user reads it. Default false: it gives nothing',
    },
    fields: UserFieldsChange as typeof UserFieldsChange,
  },
  additionalProperties: false,
} as const
const RoleChange = {
  title: 'RoleChange',
  type: 'object',
  required: ['role'],
  properties: { role: Role },
  additionalProperties: false,
} as const
const NewPassword = {
  title: 'NewPassword',
  type: 'object',
  required: ['password'],
  properties: { password: Password },
  additionalProperties: false,
} as const
const tags = ['admin']

/** What administrators do with users. The scope that these routes are in is guarded by the role. */
export const adminRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { auth: Auth; guards: Guards }
}> = async (app, { auth, guards }) => {
  const { users } = auth
  const usersReader = guards.requirePermission('users:read')
  const usersWriter = guards.requirePermission('users:write')
  const writerWithLogin = loggedInWith(guards, 'users:write')
  // An administrator who sets a password can log in as the user.
  const recentWriter = requireRecentWriter(auth, guards)
  const requireGiver = requireRecentGiver(auth, guards)

  app.get(
    '/users',
    {
      preValidation: readLimit,
      schema: {
        tags,
        operationId: 'listUsers',
        summary: 'List users',
        success: 'A page of users',
        description: 'Ordered by username. `next` goes into `after` for the following page.',
        querystring: {
          type: 'object',
          properties: {
            search: {
              type: 'string',
              pattern: plainText,
              description: 'A part of the username or address',
            },
            after: {
              type: 'string',
              pattern: plainText,
              description: 'The `next` of the page before',
            },
            limit: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
          },
        },
        response: {
          200: UserPage,
        },
      },
    },
    secured(usersReader, async (_admin, { query: { search, after, limit } }) => {
      const listed = await users.list({
        limit: limit + 1,
        ...(search !== undefined && { search }),
        ...(after !== undefined && { after }),
      })
      const page = listed.slice(0, limit)
      const next = listed.length > limit ? (page.at(-1)?.username ?? null) : null
      return { users: page.map(userAnswer), next }
    }),
  )

  app.post(
    '/users',
    {
      schema: {
        tags,
        operationId: 'createUser',
        summary: 'Create a user',
        success: 'The new user',
        problems: {
          ...recentGiver,
          409: 'The username is taken, or another user has verified the address',
          ...refused,
          ...busy,
        },
        description: 'A role that grants more than new users have needs a recent login.',
        body: NewUser,
        response: { 201: UserAnswer },
      },
    },
    secured(usersWriter, async (admin, request, reply) => {
      const { username, password, role, email, email_verified, fields } = request.body
      await requireGiver(request, role)
      const user = await users.create(
        {
          username,
          password,
          ...(role !== undefined && { role }),
          ...(email !== undefined && { email }),
          ...(fields !== undefined && { fields }),
          ...(email_verified !== undefined && { emailVerified: email_verified }),
        },
        originOf(admin, request),
      )
      return reply.code(201).header('location', `/admin/users/${user.id}`).send(userAnswer(user))
    }),
  )

  app.get(
    '/users/:id',
    {
      schema: {
        tags,
        operationId: 'getUser',
        summary: 'Read a user',
        success: 'The user',
        problems: noUser,
        params: UserId,
        response: { 200: UserAnswer },
      },
    },
    secured(usersReader, async (_admin, request) =>
      userAnswer(existing(await users.find(request.params.id))),
    ),
  )

  app.delete(
    '/users/:id',
    {
      schema: {
        tags,
        operationId: 'deleteUser',
        summary: 'Delete a user',
        success: 'The user is deleted',
        problems: { ...noUser, ...lastAdmin },
        params: UserId,
        response: { 204: NoContent },
      },
    },
    secured(writerWithLogin, async (admin, request, reply) => {
      await users.remove(request.params.id, originOf(admin, request))
      return reply.code(204).send(null)
    }),
  )

  app.put(
    '/users/:id/role',
    {
      schema: {
        tags,
        operationId: 'changeUserRole',
        summary: 'Change the role of a user',
        success: 'The changed user',
        problems: { ...recentGiver, ...noUser, ...lastAdmin, ...refused },
        description:
          'Counts from the next request of the user on. A role that grants more than new users have needs a recent login.',
        params: UserId,
        body: RoleChange,
        response: { 200: UserAnswer },
      },
    },
    secured(usersWriter, async (admin, request) => {
      const { role } = request.body
      await requireGiver(request, role)
      return userAnswer(await users.changeRole(request.params.id, role, originOf(admin, request)))
    }),
  )

  app.put(
    '/users/:id/password',
    {
      schema: {
        tags,
        operationId: 'setUserPassword',
        summary: 'Set the password of a user',
        success: 'The password is set',
        problems: { ...noUser, ...refused, ...busy },
        description: 'Ends every login of the user.',
        params: UserId,
        body: NewPassword,
        response: { 204: NoContent },
      },
    },
    secured(recentWriter, async (admin, request, reply) => {
      const { id } = request.params
      await users.setPassword(id, request.body.password, originOf(admin, request))
      return reply.code(204).send(null)
    }),
  )

  app.post(
    '/users/:id/deactivate',
    {
      schema: {
        tags,
        operationId: 'deactivateUser',
        summary: 'Deactivate a user',
        success: 'The inactive user',
        problems: { ...noUser, ...lastAdmin },
        description: 'Refuses the user from the next request on, and revokes every session.',
        params: UserId,
        response: { 200: UserAnswer },
      },
    },
    secured(usersWriter, async (admin, request) =>
      userAnswer(await users.deactivate(request.params.id, originOf(admin, request))),
    ),
  )

  app.post(
    '/users/:id/reactivate',
    {
      schema: {
        tags,
        operationId: 'reactivateUser',
        summary: 'Reactivate a user',
        success: 'The active user',
        problems: noUser,
        params: UserId,
        response: { 200: UserAnswer },
      },
    },
    secured(usersWriter, async (admin, request) =>
      userAnswer(await users.reactivate(request.params.id, originOf(admin, request))),
    ),
  )

  app.post(
    '/users/:id/unlock',
    {
      schema: {
        tags,
        operationId: 'unlockUser',
        summary: 'Let a user try again at once',
        success: 'The user, who can try again at once',
        problems: noUser,
        description:
          'Removes the waits and the locks that failed logins and wrong second factors caused.',
        params: UserId,
        response: { 200: UserAnswer },
      },
    },
    secured(usersWriter, async (admin, request) =>
      userAnswer(await users.unlock(request.params.id, originOf(admin, request))),
    ),
  )
}
