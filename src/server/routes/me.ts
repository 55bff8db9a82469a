import type { FastifyPluginAsyncJsonSchemaToTs } from '@fastify/type-provider-json-schema-to-ts'
import { formatScope, narrowScopes } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import { internals } from '../../core/internals.ts'
import type { AccessToken } from '../../core/tokens/access-token.ts'
import type { User } from '../../core/users/user.ts'
import { sendProblem } from '../../fastify/refusal-handler.ts'
import { secured } from '../../fastify/secured.ts'
import { askingTokenOf } from '../../http/endpoints/asking-user.ts'
import { SessionAnswer, sessionAnswer } from '../../http/endpoints/known-facts.ts'
import { UserFieldsChange } from '../../http/endpoints/user-fields.ts'
import { all } from '../../http/guards/combinators.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { originOf } from '../logging/event-log.ts'
import { busy, missingSession, refusedChange } from './answers.ts'
import { onlyGuarded } from './one-limit.ts'
import {
  NoContent,
  noSession,
  Password,
  renaming,
  SessionId,
  UserAnswer,
  userAnswer,
} from './schemas.ts'

const Me = {
  title: 'Me',
  type: 'object',
  required: [...UserAnswer.required, 'scope'],
  properties: {
    ...UserAnswer.properties,
    scope: { type: 'string', description: 'What this access token may do' },
  },
} as const
const MeChange = {
  title: 'MeChange',
  type: 'object',
  properties: {
    username: { type: 'string' },
    fields: UserFieldsChange as typeof UserFieldsChange,
  },
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: false,
} as const
const MySessionList = {
  title: 'MySessionList',
  type: 'object',
  required: ['sessions'],
  properties: {
    sessions: {
      type: 'array',
      items: {
        title: 'MySession',
        type: 'object',
        required: [...SessionAnswer.required, 'current'],
        properties: {
          ...SessionAnswer.properties,
          current: { type: 'boolean', description: 'This access token belongs to it' },
        },
      },
    },
  },
} as const

/** What users do with their own account. */
export const meRoutes: FastifyPluginAsyncJsonSchemaToTs<{
  Options: { auth: Auth; guards: Guards }
}> = async (app, { auth, guards: { activeUser, loggedInUser, accessToken } }) => {
  /** What the guards of permissions let pass: what the token names, of what the role grants today. */
  function permissionsOf({ role }: User, { scopes, external }: AccessToken): readonly string[] {
    // A user who is made of a token may what the token says.
    if (external?.users === 'token') return scopes
    return narrowScopes(auth.roles.permissionsOf(role), scopes)
  }

  const me = all({ user: activeUser, token: accessToken })
  const login = all({ user: loggedInUser, token: accessToken })

  app.get(
    '/me',
    {
      config: onlyGuarded,
      schema: {
        tags: ['me'],
        operationId: 'getMe',
        summary: 'Who am I?',
        success: 'The user of this access token',
        response: {
          200: Me,
        },
      },
    },
    secured(me, ({ user, token }) => ({
      ...userAnswer(user),
      scope: formatScope(permissionsOf(user, token)),
    })),
  )

  app.patch(
    '/me',
    {
      schema: {
        tags: ['me'],
        operationId: 'changeMe',
        summary: 'Change my account',
        success: 'The changed user',
        problems: refusedChange,
        description: `One change a request. ${renaming}`,
        body: MeChange,
        response: { 200: UserAnswer },
      },
    },
    secured(loggedInUser, async (user, request) => {
      const { username, fields } = request.body
      const by = originOf(user, request)
      if (username !== undefined) return userAnswer(await auth.users.rename(user.id, username, by))
      const changes = auth[internals].fields.requireWritableByUser(fields)
      return userAnswer(await auth.users.updateFields(user.id, changes, by))
    }),
  )

  app.put(
    '/me/password',
    {
      schema: {
        tags: ['me'],
        operationId: 'changeMyPassword',
        summary: 'Change my password',
        success: 'The password is changed',
        problems: {
          400: 'The request does not fit, or the old password is not right',
          422: 'The new password is refused: `errors` has every reason',
          429: 'Too many wrong old passwords; see Retry-After',
          ...busy,
        },
        description:
          'Ends every other login of the user, and this one too if it was refreshed since the access token was issued.',
        body: {
          title: 'PasswordChange',
          type: 'object',
          required: ['old_password', 'new_password'],
          properties: { old_password: Password, new_password: Password },
          additionalProperties: false,
        },
        response: { 204: NoContent },
      },
    },
    secured(login, async ({ user, token }, request, reply) => {
      const { old_password, new_password } = request.body
      const { sid } = token.claims
      await auth.users.changePassword(user.id, {
        oldPassword: old_password,
        newPassword: new_password,
        address: request.ip,
        requestId: request.id,
        userAgent: request.headers['user-agent'],
        ...(sid !== undefined && { keepSession: sid, token: askingTokenOf(token) }),
      })
      return reply.code(204).send(null)
    }),
  )

  app.get(
    '/me/sessions',
    {
      schema: {
        tags: ['me'],
        operationId: 'listMySessions',
        summary: 'Where am I logged in?',
        success: 'The sessions of the user',
        response: { 200: MySessionList },
      },
    },
    secured(login, async ({ user, token }) => ({
      sessions: (await auth.sessions.list(user.id)).map((session) => ({
        ...sessionAnswer(session),
        current: session.id === token.claims.sid,
      })),
    })),
  )

  app.delete(
    '/me/sessions',
    {
      schema: {
        tags: ['me'],
        operationId: 'endMySessions',
        summary: 'Log out everywhere',
        success: 'Every session has ended',
        response: { 204: NoContent },
      },
    },
    secured(loggedInUser, async (user, request, reply) => {
      await auth.users.endSessions(user.id, originOf(user, request))
      return reply.code(204).send(null)
    }),
  )

  app.delete(
    '/me/sessions/:session',
    {
      schema: {
        tags: ['me'],
        operationId: 'endMySession',
        summary: 'Log out one device',
        success: 'The session has ended',
        problems: missingSession,
        params: SessionId,
        response: { 204: NoContent },
      },
    },
    secured(loggedInUser, async (user, request, reply) => {
      const ended = await auth.sessions.end(request.params.session, {
        userId: user.id,
        by: originOf(user, request),
      })
      return ended ? reply.code(204).send(null) : sendProblem(reply, 404, noSession)
    }),
  )
}
