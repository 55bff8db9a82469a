import { type Auth, firstPartyClientId } from '../core/auth.ts'
import { OAuthError, UnavailableError } from '../core/errors.ts'
import { everyPermission, formatScope, includesPermission, parseScope } from '../core/scope.ts'
import { readClientCredentials } from './client-authentication.ts'
import { parseForm } from './form.ts'

/** A request to the token endpoint, as plain data. Whoever makes it has bounded the body. */
export interface TokenRequest {
  readonly contentType: string | undefined
  readonly authorization: string | undefined
  readonly body: Uint8Array
}

/** An answer of the token endpoint, as plain data. */
export interface TokenAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: TokenResponse | TokenErrorResponse
}

/** RFC 6749 §5.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'bearer'
  /** Seconds. */
  readonly expires_in: number
  /** What the token may do: less than was asked for, perhaps (§3.3). */
  readonly scope: string
}

/** RFC 6749 §5.2, with `detail` for clients of FastAPI. */
export interface TokenErrorResponse {
  readonly error: string
  readonly error_description: string
  readonly detail: string
}

/** RFC 6749 §5.1: nothing between here and the client may keep an answer. */
export const tokenHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  pragma: 'no-cache',
}

/** Answers requests to the token endpoint (RFC 6749 §3.2). Never rejects for a bad request. */
export type TokenEndpoint = (request: TokenRequest) => Promise<TokenAnswer>

/**
 * Makes the token endpoint. It serves the password grant (RFC 6749 §4.3) to the application's own
 * front ends; RFC 9700 §2.4 forbids that grant to anybody else's.
 */
export function createTokenEndpoint(auth: Auth): TokenEndpoint {
  return async function answer(request) {
    try {
      const parameters = parseForm(request.contentType, request.body)
      // No client is registered: whatever a client says of itself is read, so that it is well
      // formed, and not needed, as in FastAPI. The login is the first-party client's.
      readClientCredentials(request.authorization, parameters)
      const grantType = parameters.get('grant_type') ?? 'password'
      if (grantType !== 'password') {
        throw new OAuthError('unsupported_grant_type', 'Use the grant type: password')
      }
      return { status: 200, headers: tokenHeaders, body: await grantPassword(auth, parameters) }
    } catch (error) {
      return refuseToken(error)
    }
  }
}

async function grantPassword(
  auth: Auth,
  parameters: ReadonlyMap<string, string>,
): Promise<TokenResponse> {
  const username = requireText(parameters, 'username')
  const password = requireText(parameters, 'password')
  const requested = readScope(auth, parameters)

  const user = await auth.login.authenticate(username, password)
  if (user === null) throw new OAuthError('invalid_grant', 'Incorrect username or password')

  // An inactive user gets a token too, as in FastAPI's pattern; every guard answers it with 403.
  const scopes = delegate(auth.roles.permissionsOf(user.role), requested)
  const accessToken = await auth.accessTokens.issue({
    subject: user.id,
    clientId: firstPartyClientId,
    scopes,
    role: user.role,
    securityStamp: user.securityStamp,
  })
  return {
    access_token: accessToken,
    token_type: 'bearer',
    expires_in: auth.accessTokens.lifetime,
    scope: formatScope(scopes),
  }
}

// RFC 6749 appendix A.15 and A.16: any text but line breaks; NUL is refused with them.
function requireText(parameters: ReadonlyMap<string, string>, name: string): string {
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

function readScope(auth: Auth, parameters: ReadonlyMap<string, string>): readonly string[] {
  const requested = parseScope(parameters.get('scope') ?? '')
  if (requested === null) throw new OAuthError('invalid_scope', 'The scope is malformed')
  if (!requested.every((scope) => auth.permissions.has(scope))) {
    throw new OAuthError('invalid_scope', 'The scope names a permission that does not exist')
  }
  return requested
}

/**
 * The scopes of a token: those asked for that the role grants, or all of them if none is asked for
 * (RFC 6749 §3.3).
 */
function delegate(granted: readonly string[], requested: readonly string[]): readonly string[] {
  if (requested.length === 0 || requested.includes(everyPermission)) return granted
  const scopes = requested.filter((scope) => includesPermission(granted, scope))
  if (scopes.length > 0) return scopes
  throw new OAuthError('invalid_scope', 'The role of the user grants nothing of the scope')
}

/**
 * The answer to a failed token request.
 *
 * @throws whatever is not a refusal: a mistake of ours, which the caller logs and answers with 500.
 */
export function refuseToken(error: unknown): TokenAnswer {
  if (error instanceof OAuthError) {
    const { status, challenge } = statusOf(error)
    const headers = challenge ? { ...tokenHeaders, 'www-authenticate': challenge } : tokenHeaders
    return { status, headers, body: errorBody(error.code, error.message) }
  }
  if (error instanceof UnavailableError) {
    return {
      status: 503,
      headers: { ...tokenHeaders, 'retry-after': String(error.retryAfter) },
      // Not a code of RFC 6749 §5.2, which has none for this; §4.1.2.1 has, in the same registry.
      body: errorBody('temporarily_unavailable', error.message),
    }
  }
  throw error
}

/** A token error response; `detail` repeats the description where FastAPI's clients look. */
export function errorBody(error: string, description: string): TokenErrorResponse {
  return { error, error_description: description, detail: description }
}

function statusOf({ code }: OAuthError): { status: number; challenge?: string } {
  // RFC 6749 §5.2 says 400 for invalid_grant. FastAPI says 401, its clients expect it, and a wrong
  // password is what 401 is for: a documented choice.
  if (code === 'invalid_grant') return { status: 401, challenge: 'Bearer' }
  if (code === 'invalid_client') return { status: 401, challenge: 'Basic realm="token endpoint"' }
  return { status: 400 }
}
