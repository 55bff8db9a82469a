import type { Auth } from '../../core/auth.ts'
import { UserError } from '../../core/errors.ts'
import { actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import type { AccessToken } from '../../core/tokens/access-token.ts'
import type { User } from '../../core/users/user.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { scopesToday } from '../grants/scopes.ts'
import { all } from '../guards/combinators.ts'
import type { Guard } from '../guards/guard.ts'
import { createGuards } from '../guards/guards.ts'
import { BearerError, Forbidden } from '../refusal.ts'
import { type JsonEndpoint, type JsonOrigin, jsonEndpoint } from './json-endpoint.ts'
import { password, required } from './json-members.ts'

interface Asking {
  readonly user: User
  readonly token: AccessToken
}

function askingUser(auth: Auth): Guard<Asking> {
  const { loggedInUser, accessToken } = createGuards(auth)
  return all({ user: loggedInUser, token: accessToken })
}

/**
 * Step-up: the user of a session enters the password again. The answer is an access token of the same
 * session, which says so; the token that asked stays as it is. Wrong passwords count with those of logins.
 */
async function stepUp(
  auth: Auth,
  given: string,
  request: JsonOrigin,
  { user, token }: Asking,
): Promise<object> {
  const { sid } = token.claims
  if (sid === undefined || token.external) {
    throw new Forbidden('This needs a login here: the token belongs to no session')
  }
  const record = await authenticate(auth, user, token, given, request)
  const client = await auth.clients.find(token.claims.client_id)
  const by = { actor: actorOf({ userId: user.id }), ...originOf(request) }
  const session = client && (await auth.sessions.reauthenticate(record, sid, { by }))
  if (!session) throw new BearerError('invalid_token')
  const issued = await auth[internals].accessTokens.issue({
    subject: record.id,
    clientId: client.id,
    scopes: scopesToday(auth, record, client, token.scopes),
    role: record.role,
    endsWith: { sessionId: session.id },
    authentication: session,
    expiresBy: session.expiresAt,
  })
  return { access_token: issued.token, token_type: 'bearer', expires_in: issued.expiresIn }
}

/** @throws {UserError} `password_incorrect` */
async function authenticate(
  auth: Auth,
  { id, username }: User,
  { claims: { client_id: clientId } }: AccessToken,
  given: string,
  request: JsonOrigin,
): Promise<UserRecord> {
  const origin = { actor: actorOf({ userId: id }), ...originOf(request) }
  const credentials = {
    username,
    password: given,
    clientId,
    ...origin,
    purpose: 'step-up',
  } as const
  const record = await auth[internals].login.authenticate(credentials)
  // Another user may have got the name since the token was checked.
  if (record?.id !== id) throw new UserError('password_incorrect', ['The password is not right.'])
  return record
}

function originOf({ address, requestId }: JsonOrigin): {
  readonly address: string | undefined
  readonly requestId: string | undefined
} {
  return { address, requestId }
}

/** Where a user authenticates again, for what needs a recent login. */
export const stepUpEndpoint: JsonEndpoint = jsonEndpoint({
  path: '/auth/step-up',
  isOn: (auth) => auth[internals].accountSettings !== null,
  operationId: 'stepUp',
  summary: 'Enter the password again',
  description:
    'For routes that need a recent login (RFC 9470): they answer 401 with the error `insufficient_user_authentication`. The new access token belongs to the same session; the old one stays as it is.',
  body: 'StepUp',
  members: { password: required({ ...password, description: 'The password of the user' }) },
  success: {
    status: 200,
    description: 'An access token that says when the user authenticated: now',
    schema: {
      title: 'StepUpResponse',
      type: 'object',
      required: ['access_token', 'token_type', 'expires_in'],
      properties: {
        access_token: { type: 'string' },
        token_type: { type: 'string', enum: ['bearer'] },
        expires_in: { type: 'integer', description: 'Seconds' },
      },
    },
  },
  refusals: {
    400: 'The request does not fit, or the password is not right',
    403: 'Requires an active user, with a token of a session here',
    429: 'Too many failed attempts; see Retry-After',
    503: 'Too many logins at once; see Retry-After',
  },
  guard: askingUser,
  answer: (auth, { password: given }, origin, asking) => stepUp(auth, given, origin, asking),
})
