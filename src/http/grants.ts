import { firstPartyClientId } from '../core/access-token.ts'
import type { Auth } from '../core/auth.ts'
import { OAuthError } from '../core/errors.ts'
import { everyPermission, formatScope, includesPermission, parseScope } from '../core/scope.ts'
import type { OpenSession } from '../core/sessions.ts'
import type { UserRecord } from '../core/store.ts'
import type { TokenRequest, TokenResponse } from './token-messages.ts'

type Parameters = ReadonlyMap<string, string>

/** A wrong username or password, one answer for every cause. 401, see `token-endpoint.ts`. */
export class IncorrectCredentials extends OAuthError {
  constructor(options?: ErrorOptions) {
    super('invalid_grant', 'Incorrect username or password', options)
  }
}

/** The password grant (RFC 6749 §4.3): a login. Opens a session for an active user. */
export async function grantPassword(
  auth: Auth,
  parameters: Parameters,
  { userAgent, address }: TokenRequest,
): Promise<TokenResponse> {
  const username = requireText(parameters, 'username')
  const password = requireText(parameters, 'password')
  const requested = readScope(auth, parameters)

  const user = await auth.login.authenticate({ username, password, address })
  if (user === null) throw new IncorrectCredentials()

  const scopes = delegate(auth.roles.permissionsOf(user.role), requested)
  // An inactive user gets a token too, as in FastAPI's pattern; every guard answers it with 403. What
  // would outlive it, a session, an inactive user does not get.
  if (!user.active) return await respond(auth, user, scopes)
  const clientId = firstPartyClientId
  const opened = await auth.sessions.open(user, { clientId, scopes, userAgent, address })
  if (opened === null) throw new IncorrectCredentials({ cause: new Error('changed meanwhile') })
  return await respond(auth, user, scopes, opened)
}

/** The refresh token grant (RFC 6749 §6). */
export async function grantRefreshToken(
  auth: Auth,
  parameters: Parameters,
): Promise<TokenResponse> {
  const presented = requireText(parameters, 'refresh_token')
  const requested = readScope(auth, parameters)
  // Before the token is used: a request that asks for too much must not cost the client its token.
  const granted = (await auth.sessions.find(presented))?.scopes
  if (granted && !requested.every((scope) => includesPermission(granted, scope))) {
    throw new OAuthError('invalid_scope', 'The scope is wider than the login was granted')
  }

  const refreshed = await auth.sessions.refresh(presented, firstPartyClientId)
  const user = await auth.store.users.findById(refreshed.session.userId)
  if (user === null) throw new OAuthError('invalid_grant', 'The refresh token is not valid')
  const asked = requested.length > 0 ? requested : refreshed.session.scopes
  return await respond(auth, user, narrow(auth.roles.permissionsOf(user.role), asked), refreshed)
}

async function respond(
  auth: Auth,
  user: UserRecord,
  scopes: readonly string[],
  opened?: OpenSession,
): Promise<TokenResponse> {
  const { token, expiresIn } = await auth.accessTokens.issue({
    subject: user.id,
    clientId: firstPartyClientId,
    scopes,
    role: user.role,
    endsWith: opened ? { sessionId: opened.session.id } : { securityStamp: user.securityStamp },
    ...(opened && { expiresBy: opened.session.expiresAt }),
  })
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: expiresIn,
    ...(opened && { refresh_token: opened.refreshToken }),
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
 * The scopes of a login: those asked for that the role grants, or all of them if none is asked for
 * (RFC 6749 §3.3).
 */
function delegate(granted: readonly string[], requested: readonly string[]): readonly string[] {
  if (requested.length === 0) return granted
  const scopes = narrow(granted, requested)
  if (scopes.length > 0 || requested.includes(everyPermission)) return scopes
  throw new OAuthError('invalid_scope', 'The role of the user grants nothing of the scope')
}

/** What of the scopes the role grants today. */
function narrow(granted: readonly string[], asked: readonly string[]): readonly string[] {
  if (asked.includes(everyPermission)) return granted
  return asked.filter((scope) => includesPermission(granted, scope))
}
