import {
  everyPermission,
  formatScope,
  includesPermission,
  narrowScopes,
  parseScope,
} from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import type { AuthenticatedClient, Client } from '../../core/clients/clients.ts'
import { ownPermissions } from '../../core/clients/token-client.ts'
import { OAuthError } from '../../core/errors.ts'
import { actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import type { OpenSession } from '../../core/sessions/sessions.ts'
import { tokenStampOf } from '../../core/users/security-stamp.ts'
import type { User } from '../../core/users/user.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { IncorrectCredentials } from '../refusal.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'

type Parameters = ReadonlyMap<string, string>

/** The password grant (RFC 6749 §4.3): a login. Opens a session for an active user. */
export async function grantPassword(
  auth: Auth,
  client: Client,
  parameters: Parameters,
  { userAgent, address, requestId }: TokenRequest,
): Promise<TokenResponse> {
  const username = requireText(parameters, 'username')
  const password = requireText(parameters, 'password')
  const requested = readScope(auth, parameters)
  // Before the hash: what the client may not have, no user can give to it.
  delegate(
    client.scopes ?? [everyPermission],
    requested,
    'The client may have nothing of the scope',
  )

  const user = await auth[internals].login.authenticate({
    username,
    password,
    address,
    requestId,
    clientId: client.id,
  })
  if (user === null) throw new IncorrectCredentials()

  const scopes = delegate(
    delegableScopes(auth, user, client),
    requested,
    'The role of the user grants nothing of the scope',
  )
  // An inactive user gets a token too, as in FastAPI's pattern; every guard answers it with 403. What
  // would outlive it, a session, an inactive user does not get.
  const clientId = client.id
  if (!user.active) {
    await auth[internals].events.record({
      type: 'authn_login_fail',
      userId: user.id,
      clientId,
      address,
      requestId,
      reason: 'the user is inactive',
    })
    return await respond(auth, client, user, scopes)
  }
  const opened = await auth.sessions.open(user, {
    clientId,
    scopes,
    userAgent,
    address,
    requestId,
  })
  if (opened === null) throw new IncorrectCredentials({ cause: new Error('changed meanwhile') })
  return await respond(auth, client, user, scopes, opened)
}

/** The refresh token grant (RFC 6749 §6). */
export async function grantRefreshToken(
  auth: Auth,
  client: Client,
  parameters: Parameters,
  { address, requestId }: TokenRequest,
): Promise<TokenResponse> {
  const presented = requireText(parameters, 'refresh_token')
  const requested = readScope(auth, parameters)
  // Before the token is used: a request that asks for too much must not cost the client its token.
  const session = await auth.sessions.find(presented)
  const granted = session?.clientId === client.id ? session.scopes : undefined
  if (granted && !requested.every((scope) => includesPermission(granted, scope))) {
    throw new OAuthError('invalid_scope', 'The scope is wider than the login was granted')
  }

  const refreshed = await auth.sessions.refresh(presented, client.id, { address, requestId })
  const user = await auth[internals].store.users.findById(refreshed.session.userId)
  if (user === null) throw new OAuthError('invalid_grant', 'The refresh token is not valid')
  const asked = requested.length > 0 ? requested : refreshed.session.scopes
  const scopes = narrowScopes(delegableScopes(auth, user, client), asked)
  return await respond(auth, client, user, scopes, refreshed)
}

/**
 * The client credentials grant (RFC 6749 §4.4): a client acts for itself. No refresh token (§4.4.3):
 * it has its secret.
 */
export async function grantClientCredentials(
  auth: Auth,
  client: AuthenticatedClient,
  parameters: Parameters,
  { address, requestId }: TokenRequest,
): Promise<TokenResponse> {
  const scopes = delegate(
    ownPermissions(client),
    readScope(auth, parameters),
    'The client may have nothing of the scope',
  )
  const { token, id, expiresIn } = await auth[internals].accessTokens.issue({
    subject: client.id,
    clientId: client.id,
    scopes,
    endsWith: { clientStamp: client.stamp },
  })
  // Heard and logged, like a refresh, and not stored: nothing here is changed, and to ask for a token
  // would cost a write, which it does not otherwise.
  await auth[internals].events.record({
    type: 'authn_token_created',
    actor: actorOf({ clientId: client.id }),
    clientId: client.id,
    address,
    requestId,
    details: { token_id: id },
  })
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: expiresIn,
    scope: formatScope(scopes),
  }
}

/** What a client may be delegated by a user: what both the client and the role of the user may do. */
export function delegableScopes({ roles }: Auth, user: User, client: Client): readonly string[] {
  return narrowScopes(roles.permissionsOf(user.role), client.scopes ?? [everyPermission])
}

async function respond(
  auth: Auth,
  client: Client,
  user: UserRecord,
  scopes: readonly string[],
  opened?: OpenSession,
): Promise<TokenResponse> {
  const { token, expiresIn } = await auth[internals].accessTokens.issue({
    subject: user.id,
    clientId: client.id,
    scopes,
    role: user.role,
    endsWith: opened
      ? { sessionId: opened.session.id }
      : { userStamp: tokenStampOf(user.securityStamp) },
    ...(opened && { expiresBy: opened.session.expiresAt }),
  })
  const mayRefresh = client.grants.includes('refresh_token')
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: expiresIn,
    ...(opened && mayRefresh && { refresh_token: opened.refreshToken }),
    scope: formatScope(scopes),
  }
}

// RFC 6749 appendix A.15 and A.16: any text but line breaks; NUL is refused with them.
function requireText(parameters: Parameters, name: string): string {
  const value = parameters.get(name)
  if (value === undefined) {
    throw new OAuthError('invalid_request', `The parameter ${name} is missing`)
  }
  if (/[\0\r\n]/.test(value)) {
    throw new OAuthError(
      'invalid_request',
      `The parameter ${name} must not contain a line break or NUL`,
    )
  }
  return value
}

function readScope(auth: Auth, parameters: Parameters): readonly string[] {
  const requested = parseScope(parameters.get('scope') ?? '')
  if (requested === null) throw new OAuthError('invalid_scope', 'The scope is malformed')
  if (!requested.every((scope) => auth.permissions.has(scope))) {
    throw new OAuthError('invalid_scope', 'The scope names a permission that does not exist')
  }
  return requested
}

/**
 * The scopes of a login: those asked for that are granted, or all of them if none is asked for
 * (RFC 6749 §3.3).
 */
function delegate(
  granted: readonly string[],
  requested: readonly string[],
  refusal: string,
): readonly string[] {
  if (requested.length === 0) return granted
  const scopes = narrowScopes(granted, requested)
  if (scopes.length > 0 || requested.includes(everyPermission)) return scopes
  throw new OAuthError('invalid_scope', refusal)
}
