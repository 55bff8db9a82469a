import type { OAuthError, ThrottledError, UnavailableError } from '../core/errors.ts'
import type { ErrorDetail } from './problem.ts'

/** A form sent to an OAuth endpoint, as plain data. Its maker must limit the size of the body. */
export interface TokenRequest {
  readonly contentType: string | undefined
  readonly authorization: string | undefined
  readonly body: Uint8Array
  /** What the client calls itself, and where it is: for the user's list of sessions. */
  readonly userAgent?: string | undefined
  readonly address?: string | undefined
  /** The id of the request in the log: for the events that it causes. */
  readonly requestId?: string | undefined
}

/** An answer of an OAuth endpoint, as plain data. */
export interface EndpointAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The values of `Set-Cookie`, a header each. Default none. */
  readonly cookies?: readonly string[]
  /** To be sent as JSON; a text as it is, of the type that the headers say. Null for no content. */
  readonly body: object | string | null
  /** Why it is a refusal: for the log, never to be sent. */
  readonly refusal?: OAuthError | ThrottledError | UnavailableError
}

/** An answer to a form. That of the revocation endpoint has an empty object. */
export interface TokenAnswer extends EndpointAnswer {
  readonly body:
    | TokenResponse
    | TokenErrorResponse
    | ErrorDetail
    | IntrospectionResponse
    | Readonly<Record<string, never>>
}

/** RFC 6749 §5.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'bearer'
  /** Seconds. */
  readonly expires_in: number
  /** Absent for a client that acts for itself, and for an inactive user, whom every guard refuses. */
  readonly refresh_token?: string
  /** Who has logged in, for the client alone: with the scope `openid` (OpenID Connect Core §3.1.3.3). */
  readonly id_token?: string
  /** After a login with a recovery code: how many are left. */
  readonly recovery_codes_left?: number
  /** What the token may do: less than was asked for, perhaps (§3.3). */
  readonly scope: string
}

/** RFC 6749 §5.2, with `detail` for clients of FastAPI. */
export interface TokenErrorResponse {
  readonly error: string
  readonly error_description: string
  readonly detail: string
}

/** RFC 7662 §2.2. A token that is not active has no other member. */
export interface IntrospectionResponse {
  readonly active: boolean
  /** What the token may do today. */
  readonly scope?: string
  readonly client_id?: string
  /** Absent for a client that acts for itself, and for a third party without the scope `profile`. */
  readonly username?: string
  /** Absent for a refresh token. */
  readonly token_type?: 'bearer'
  /** Seconds since 1970. */
  readonly exp?: number
  /** Seconds since 1970. */
  readonly iat?: number
  readonly sub?: string
  readonly aud?: string | readonly string[]
  readonly iss?: string
  readonly jti?: string
  /** The session. */
  readonly sid?: string
  /** The role of the user today. Absent for a third party. */
  readonly roles?: readonly string[]
  /** There for a client of somebody else: the token stands for its scope, and not for its user. */
  readonly third_party?: true
  /** When the user of the session authenticated (RFC 9470 §6.2). Seconds since 1970. */
  readonly auth_time?: number
  /** How strong that was (RFC 9470 §6.2). */
  readonly acr?: string
  /** By what, in the words of RFC 8176. */
  readonly amr?: readonly string[]
}

/** RFC 6749 §5.1: nothing between here and the client may keep an answer. */
export const tokenHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  pragma: 'no-cache',
}

/** A token error response; `detail` repeats the description where FastAPI's clients look. */
export function errorBody(error: string, description: string): TokenErrorResponse {
  return { error, error_description: description, detail: description }
}

/** The answer to a request that no form could be read from, or to a mistake of ours. */
export function refuseRequest(status: number, description: string): TokenAnswer {
  const code = status < 500 ? 'invalid_request' : 'server_error'
  return { status, headers: tokenHeaders, body: errorBody(code, description) }
}
