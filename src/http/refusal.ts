import { formatScope } from '../core/access/scope.ts'
import { OAuthError } from '../core/errors.ts'

/** The error codes of a bearer challenge (RFC 6750 §3.1, RFC 9470 §3). */
export type BearerErrorCode =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'

/**
 * A guard's refusal. It carries the status and the headers of the answer, where Fastify and others
 * look for them; `message` is public and constant per cause.
 */
export class Refusal extends Error {
  override readonly name: string = 'Refusal'
  /** The HTTP status of the answer. */
  readonly statusCode: number
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>>

  constructor(
    statusCode: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.statusCode = statusCode
    this.headers = headers
  }
}

/** The user is known, and may not do this: 403. */
export class Forbidden extends Refusal {
  override readonly name = 'Forbidden'

  constructor(message = 'Not enough permissions') {
    super(403, message)
  }
}

/** The user has been deactivated: 403. */
export class InactiveUser extends Forbidden {
  constructor() {
    super('Inactive user')
  }
}

/**
 * A wrong username or password at the application's own login, one answer for every cause. RFC 6749 §5.2
 * says 400. FastAPI says 401, its clients expect it, and a wrong password is what 401 is for.
 */
export class IncorrectCredentials extends OAuthError {
  constructor(options?: ErrorOptions) {
    super('invalid_grant', 'Incorrect username or password', options)
  }
}

/**
 * The password was right, and a second factor is needed, or must be set up: 403, in the words of Auth0. The
 * members go into the answer beside those of RFC 6749 §5.2.
 */
export class MfaRequired extends OAuthError {
  /** What the client goes on with. */
  readonly members: MfaMembers

  constructor(members: MfaMembers) {
    super('mfa_required', 'A second factor is needed')
    this.members = members
  }
}

/** What a client goes on with whose user needs a second factor. */
export interface MfaMembers {
  /** Opaque. Good once, for the second request of this login alone. */
  readonly mfa_token: string
  /** Seconds. */
  readonly expires_in: number
  /** What can be shown, or what can be set up. */
  readonly mfa_requirements: Readonly<
    Partial<Record<'challenge' | 'enroll', readonly { readonly type: string }[]>>
  >
}

/**
 * A refusal with a challenge (RFC 6750 §3). Without a code, because the request held no credentials,
 * the challenge is bare (§3.1, last paragraph).
 */
export class BearerError extends Refusal {
  override readonly name = 'BearerError'
  /** The `error` of the challenge; undefined if the request held no credentials. */
  readonly code: BearerErrorCode | undefined
  /** The scopes that the challenge names. Default none. */
  readonly scopes: readonly string[]

  constructor(
    code?: BearerErrorCode,
    scopes: readonly string[] = [],
    { description: own, maxAge, acrValues }: ChallengeDetails = {},
  ) {
    const { statusCode, message, description } = code ? answers[code] : notAuthenticated
    const header = challenge(code, own ?? description, scopes, { maxAge, acrValues })
    super(statusCode, own ?? message, { 'www-authenticate': header })
    this.code = code
    this.scopes = scopes
  }
}

/** What a challenge says beyond its code. */
export interface ChallengeDetails {
  /** Printable ASCII without `"` and `\\` (RFC 6750 §3). Default: the words of the code. */
  readonly description?: string
  /** Seconds that the login may be old, for `insufficient_user_authentication` (RFC 9470 §3). Default none. */
  readonly maxAge?: number | undefined
  /** What the `acr` of the login must be, one of them (RFC 9470 §3). Default none. */
  readonly acrValues?: readonly string[] | undefined
}

interface Answer {
  readonly statusCode: number
  readonly message: string
  readonly description: string
}

const notAuthenticated: Answer = { statusCode: 401, message: 'Not authenticated', description: '' }

const answers: Readonly<Record<BearerErrorCode, Answer>> = {
  invalid_request: {
    statusCode: 400,
    message: 'Send one Authorization header of the form: Bearer <token>',
    description: 'Exactly one Authorization header with one token is needed',
  },
  // The same words for every cause: malformed, forged, expired, revoked, of a deleted user.
  invalid_token: {
    statusCode: 401,
    message: 'Could not validate credentials',
    description: 'The access token is invalid, expired or revoked',
  },
  insufficient_scope: {
    statusCode: 403,
    message: 'Not enough permissions',
    description: 'The access token or its user lacks a permission',
  },
  insufficient_user_authentication: {
    statusCode: 401,
    message: 'Enter the password again: this needs a recent login',
    description: 'More recent authentication is required',
  },
}

/** A challenge that names scopes, if there are any, and no error. */
export function bearerChallenge(scopes: readonly string[]): string {
  return scopes.length > 0 ? `Bearer scope="${formatScope(scopes)}"` : 'Bearer'
}

function challenge(
  code: BearerErrorCode | undefined,
  description: string,
  scopes: readonly string[],
  { maxAge, acrValues }: Pick<ChallengeDetails, 'maxAge' | 'acrValues'>,
): string {
  if (code === undefined) return 'Bearer'
  const scope = scopes.length > 0 ? `, scope="${formatScope(scopes)}"` : ''
  const age = maxAge === undefined ? '' : `, max_age="${maxAge}"`
  const acr = acrValues === undefined ? '' : `, acr_values="${acrValues.join(' ')}"`
  return `Bearer error="${code}", error_description="${description}"${scope}${age}${acr}`
}
