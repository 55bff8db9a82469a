import type { Compatibility } from '../core/compatibility.ts'
import {
  ClientError,
  type ClientErrorCode,
  ConflictError,
  KeyError,
  type KeyErrorCode,
  OAuthError,
  ThrottledError,
  UnavailableError,
  UserError,
  type UserErrorCode,
} from '../core/errors.ts'
import { type AnswerHead, headLikeFastApi } from './fastapi-answers.ts'
import { createProblem, type ErrorDetail, type Problem, problemMediaType } from './problem.ts'
import { IncorrectCredentials, MfaRequired, Refusal } from './refusal.ts'
import { errorBody, type TokenAnswer, tokenHeaders } from './token-messages.ts'

/** The answer to an error, as plain data. */
export interface ErrorAnswer<Body extends ErrorDetail = Problem> {
  /** The HTTP status. */
  readonly status: number
  /** The headers, in small letters. */
  readonly headers: Readonly<Record<string, string>>
  /** To be sent as JSON. */
  readonly body: Body
}

/** How an error is answered. An `Auth` says it, and so does `guard.documentation`. */
export interface AnswerStyle {
  /** The system to answer like; null for the answers of this library. Default null. */
  readonly compatibility?: Compatibility | null
  /** True for a body that has the `code` of the error beside `detail`, like FastAPI too. Default false. */
  readonly tellsCode?: boolean
  /** The scopes that the guards of the route require. Default: those that the error names. */
  readonly scopes?: readonly string[]
}

const statusOfUserError: Readonly<Record<UserErrorCode, number>> = {
  username_invalid: 422,
  email_invalid: 422,
  email_taken: 409,
  fields_invalid: 422,
  suspension_invalid: 422,
  code_incorrect: 422,
  link_ended: 410,
  registration_refused: 403,
  invitation_unknown: 404,
  password_refused: 422,
  password_hash_invalid: 422,
  role_unknown: 422,
  password_incorrect: 400,
  user_unknown: 404,
  username_taken: 409,
  last_admin: 409,
  api_key_invalid: 422,
  api_key_limit: 409,
  factor_unknown: 404,
  factor_invalid: 422,
  factor_needed: 403,
  last_factor: 409,
  passkey_known: 409,
  passkey_refused: 422,
  challenge_ended: 410,
  identity_invalid: 422,
  identity_taken: 409,
}

const statusOfClientError: Readonly<Record<ClientErrorCode, number>> = {
  client_invalid: 422,
  client_unknown: 404,
  client_taken: 409,
  client_public: 409,
  client_configured: 409,
}

const statusOfKeyError: Readonly<Record<KeyErrorCode, number>> = {
  key_unknown: 404,
  keys_not_managed: 409,
}

interface Described extends AnswerHead {
  /** Of the errors that have one for programs. */
  readonly code?: string
  /** Every reason, for a refusal that may have several. */
  readonly problems?: readonly string[]
}

/**
 * The status and the headers of every error that this library answers; null for any other: a mistake
 * of the server. The only place that says them.
 */
function describe(error: unknown): Described | null {
  if (error instanceof Refusal) return { status: error.statusCode, headers: error.headers }
  if (error instanceof UnavailableError) return later(503, error)
  if (error instanceof ThrottledError) return later(429, error)
  if (error instanceof OAuthError) return describeOAuthError(error)
  if (error instanceof UserError) {
    const { code, problems } = error
    return { status: statusOfUserError[code], code, problems }
  }
  if (error instanceof ClientError) {
    const { code, problems } = error
    return { status: statusOfClientError[code], code, problems }
  }
  if (error instanceof KeyError) return { status: statusOfKeyError[error.code], code: error.code }
  if (error instanceof ConflictError) return { status: 409, code: error.code }
  return null
}

function later(status: number, { retryAfter }: { readonly retryAfter: number }): Described {
  return { status, headers: { 'retry-after': String(retryAfter) } }
}

// RFC 6749 §5.2.
function describeOAuthError(error: OAuthError): Described {
  if (error instanceof IncorrectCredentials) return challenge('Bearer')
  if (error.code === 'invalid_client') return challenge('Basic realm="token endpoint"')
  return { status: error.code === 'mfa_required' ? 403 : 400 }
}

function challenge(value: string): Described {
  return { status: 401, headers: { 'www-authenticate': value } }
}

/**
 * The answer to an error of this library as `application/problem+json` (RFC 9457): to a guard's refusal,
 * a `UserError` (`username_taken` is 409, `password_refused` 422), `ClientError`, `KeyError`,
 * `ConflictError`, `OAuthError`, `ThrottledError` (429) or `UnavailableError` (503). Null for every other
 * error, a `ConfigError` too: it is a mistake of the server, to be logged and answered with 500.
 *
 * Like FastAPI the body is `application/json` and has `detail` alone: pass the `Auth`, or the
 * documentation of the guard that refused.
 *
 * Does not log. The `cause` of an `UnavailableError` says why; never send it.
 */
export function answerError(error: unknown): ErrorAnswer | null
export function answerError(error: unknown, style: AnswerStyle): ErrorAnswer<ErrorDetail> | null
export function answerError(
  error: unknown,
  { compatibility, tellsCode = false, scopes = [] }: AnswerStyle = {},
): ErrorAnswer<ErrorDetail> | null {
  const described = describe(error)
  if (described === null) return null
  if (compatibility) {
    const { code } = described
    const { status, headers } = headLikeFastApi(error, described, compatibility, scopes)
    return {
      status,
      headers: { ...headers, 'content-type': 'application/json' },
      body: { detail: (error as Error).message, ...(tellsCode && code !== undefined && { code }) },
    }
  }
  const { status, headers, code, problems } = described
  return {
    status,
    headers: { ...headers, 'content-type': problemMediaType },
    body: createProblem(status, (error as Error).message, {
      ...(code !== undefined && { code }),
      ...(problems !== undefined && { errors: problems }),
    }),
  }
}

/**
 * The answer of an OAuth endpoint to an error (RFC 6749 §5.2). Like FastAPI a wrong password
 * is answered as there. Every other error keeps the members that OAuth clients read: FastAPI has no such
 * endpoint.
 *
 * @throws whatever is not a refusal of an OAuth endpoint: a mistake of ours, which the caller logs and
 * answers with 500.
 */
export function answerOAuthError(error: unknown, style: AnswerStyle = {}): TokenAnswer {
  if (style.compatibility && error instanceof IncorrectCredentials) {
    const { status, headers } = answerError(error, style) as ErrorAnswer<ErrorDetail>
    const body = { detail: error.message }
    return { status, headers: { ...tokenHeaders, ...headers }, body, refusal: error }
  }
  const isOAuthError = error instanceof OAuthError
  if (isOAuthError || error instanceof UnavailableError || error instanceof ThrottledError) {
    const { status, headers } = describe(error) as Described
    // Not a code of RFC 6749 §5.2, which has none for this; §4.1.2.1 has, in the same registry.
    const code = isOAuthError ? error.code : 'temporarily_unavailable'
    return {
      status,
      headers: { ...tokenHeaders, ...headers },
      body: {
        ...errorBody(code, error.message),
        ...(error instanceof MfaRequired && error.members),
      },
      refusal: error,
    }
  }
  throw error
}
