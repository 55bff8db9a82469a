/**
 * What went wrong, for a program:
 * - `invalid_credentials`: the username or password is wrong.
 * - `second_factor_needed`: the password is right, and a second factor is needed; see the option
 *   `onSecondFactor`. With the reason `enroll` the user has to set one up first.
 * - `throttled`: too many failed attempts; try again after `retryAfter`.
 * - `unavailable`: the server is overloaded, down, or cannot be reached, or another tab holds the login
 *   and does not answer. Nothing is known of the credentials or the session.
 * - `session_ended`: the refresh token is no longer valid, or a login took too long to show its second factor;
 *   the user must log in again.
 * - `refused`: the server understood the request and refuses it, such as a scope that the role does not
 *   grant.
 */
export type AuthClientErrorCode =
  | 'invalid_credentials'
  | 'second_factor_needed'
  | 'throttled'
  | 'unavailable'
  | 'session_ended'
  | 'refused'

/** Why something did not happen. Its message is fit for people. */
export class AuthClientError extends Error {
  override readonly name = 'AuthClientError'
  /** What went wrong, for a program. */
  readonly code: AuthClientErrorCode
  /** The HTTP status; undefined when there was no answer. */
  readonly status: number | undefined
  /** Seconds until another try is worth it, if the server says so. */
  readonly retryAfter: number | undefined
  /** The code of the server's refusal, such as `link_ended` or `username_taken`. */
  readonly reason: string | undefined
  /** Every reason of the refusal, one sentence each; none if the message says all. */
  readonly problems: readonly string[]

  constructor(
    code: AuthClientErrorCode,
    message: string,
    options: ErrorOptions & RefusalDetails = {},
  ) {
    super(message, options)
    this.code = code
    this.status = options.status
    this.retryAfter = options.retryAfter
    this.reason = options.reason
    this.problems = options.problems ?? []
  }
}

/** What an answer says of a refusal, besides its sentence. */
export interface RefusalDetails {
  /** The HTTP status. */
  readonly status?: number
  /** Seconds. */
  readonly retryAfter?: number
  /** The code of the refusal. */
  readonly reason?: string
  /** Every reason, one sentence each. */
  readonly problems?: readonly string[]
}

/** Reads them from an answer and its body. */
export function refusalDetails(
  { status, headers }: Response,
  { code, errors }: Readonly<Record<string, unknown>>,
): RefusalDetails {
  const seconds = Number.parseInt(headers.get('retry-after') ?? '', 10)
  return {
    status,
    ...(Number.isFinite(seconds) && { retryAfter: seconds }),
    ...(typeof code === 'string' && { reason: code }),
    ...(Array.isArray(errors) && { problems: errors.map(String) }),
  }
}

/** The members of an answer; none if it is no JSON. */
export const bodyOf = async (response: Response): Promise<Record<string, unknown>> =>
  Object(await response.json().catch(() => null))

/** The error of an answer that says to try again later; null for any other. @param what Of what there were too many. */
export function tryLater(
  status: number,
  what: string,
  details: RefusalDetails,
): AuthClientError | null {
  if (status === 429) {
    return new AuthClientError('throttled', `Too many ${what}; wait before the next.`, details)
  }
  return status >= 500
    ? new AuthClientError('unavailable', 'The server cannot answer now; try again.', details)
    : null
}
