/**
 * The error codes of the OAuth endpoints. RFC 6749 §5.2, RFC 7009 §2.2.1; `mfa_required` and `expired_token` are
 * those of Auth0 for second factors.
 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'unsupported_token_type'
  | 'mfa_required'
  | 'expired_token'

/**
 * A refusal of the token endpoint (RFC 6749 §5.2). `message` is sent as `error_description`: it is
 * constant per cause and never repeats what the client sent. The private reason belongs in `cause`.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  /** The `error` of the answer. */
  readonly code: OAuthErrorCode

  constructor(code: OAuthErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Configuration that cannot work, with every problem found, one sentence each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** Always `config_invalid`. */
  readonly code = 'config_invalid'
  /** One sentence for each mistake: what is wrong, and what would be right. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options)
    this.problems = problems
  }
}

/** The codes of a refused change to an account. */
export type UserErrorCode =
  | 'username_invalid'
  | 'username_taken'
  | 'password_refused'
  | 'password_hash_invalid'
  | 'password_incorrect'
  | 'role_unknown'
  | 'user_unknown'
  | 'email_invalid'
  | 'email_taken'
  | 'fields_invalid'
  | 'suspension_invalid'
  | 'code_incorrect'
  | 'link_ended'
  | 'registration_refused'
  | 'invitation_unknown'
  | 'last_admin'
  | 'api_key_invalid'
  | 'api_key_limit'
  | 'factor_unknown'
  | 'factor_invalid'
  | 'factor_needed'
  | 'last_factor'
  | 'passkey_known'
  | 'passkey_refused'
  | 'challenge_ended'
  | 'identity_invalid'
  | 'identity_taken'

/** A change to an account that was refused, with every reason, one sentence each. */
export class UserError extends Error {
  override readonly name = 'UserError'
  /** Why the change was refused, for a program. */
  readonly code: UserErrorCode
  /** One sentence for each reason, fit for people. */
  readonly problems: readonly string[]

  constructor(code: UserErrorCode, problems: readonly string[], options?: ErrorOptions) {
    super(problems.join(' '), options)
    this.code = code
    this.problems = problems
  }
}

/** The codes of a refused change to the registered clients. */
export type ClientErrorCode =
  | 'client_invalid'
  | 'client_taken'
  | 'client_unknown'
  | 'client_public'
  | 'client_configured'

/** A change to the registered clients that was refused, with every reason, one sentence each. */
export class ClientError extends Error {
  override readonly name = 'ClientError'
  /** Why the change was refused, for a program. */
  readonly code: ClientErrorCode
  /** One sentence for each reason, fit for people. */
  readonly problems: readonly string[]

  constructor(code: ClientErrorCode, problems: readonly string[], options?: ErrorOptions) {
    super(problems.join(' '), options)
    this.code = code
    this.problems = problems
  }
}

/** The codes of a refused change to the signing keys. */
export type KeyErrorCode = 'key_unknown' | 'keys_not_managed'

/** A change to the signing keys that was refused. */
export class KeyError extends Error {
  override readonly name = 'KeyError'
  /** Why the change was refused, for a program. */
  readonly code: KeyErrorCode

  constructor(code: KeyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/**
 * Work that was not started because the server has too much of it, or because what it needs (the
 * database) cannot be used now. The same request may succeed after `retryAfter` seconds.
 */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError'
  /** Always `unavailable`. */
  readonly code = 'unavailable'
  /** Seconds. */
  readonly retryAfter: number

  constructor(message: string, retryAfter: number, options?: ErrorOptions) {
    super(message, options)
    this.retryAfter = retryAfter
  }
}

/** Work that was not started because there is too much of it: nothing is broken. */
export class OverloadedError extends UnavailableError {}

/**
 * Credentials that were not looked at, because too many were wrong before. The same for names that
 * exist and names that do not. The same request may be looked at after `retryAfter` seconds.
 */
export class ThrottledError extends Error {
  override readonly name = 'ThrottledError'
  /** Always `throttled`. */
  readonly code = 'throttled'
  /** Seconds. */
  readonly retryAfter: number

  constructor(retryAfter: number) {
    super('Too many failed attempts, try again later')
    this.retryAfter = retryAfter
  }
}

const conflicts = {
  username_taken: 'The username is taken.',
  email_taken: 'The e-mail address is taken.',
  token_ended: 'The one-time token is used, expired or unknown.',
  client_taken: 'The client id is taken.',
  last_active: 'No active user would be left.',
  last_factor: 'No second factor would be left.',
  last_passkey: 'No passkey would be left.',
  passkey_known: 'The passkey is known already.',
} as const

/** Something that must be unique is taken, or a change would leave a role without an active user. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
  /** What is taken, or would be missing. */
  readonly code: keyof typeof conflicts

  constructor(code: keyof typeof conflicts, options?: ErrorOptions) {
    super(conflicts[code], options)
    this.code = code
  }
}
