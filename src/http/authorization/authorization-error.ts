/**
 * What a client is told at its redirect URI: RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6.
 */
export type AuthorizationErrorCode =
  | 'invalid_request'
  | 'access_denied'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'registration_not_supported'

/** A mistake in a request. */
export interface RequestMistake {
  readonly error: AuthorizationErrorCode
  /** Constant for each cause: nothing of the request is in it. */
  readonly description: string
}

/** @param description A sentence without a full stop. */
export function mistake(error: AuthorizationErrorCode, description: string): RequestMistake {
  return { error, description }
}
