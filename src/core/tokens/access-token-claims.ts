/** The claims of an access token (RFC 9068 §2.2), checked and frozen. */
export interface AccessTokenClaims {
  /** The issuer of the token. */
  readonly iss: string
  /** The user's id; the client's, if it acts for itself (RFC 9068 §2.2). */
  readonly sub: string
  /** The API that the token is for. */
  readonly aud: string | readonly string[]
  /** Seconds since 1970. */
  readonly exp: number
  /** Seconds since 1970. */
  readonly iat: number
  /** The id of the token. */
  readonly jti: string
  /** The client that the token was issued to. */
  readonly client_id: string
  /** Space-delimited. Empty if the token delegates no permission. */
  readonly scope: string
  /** The user's role when the token was issued (RFC 9068 §2.2.3.1). Guards read today's instead. */
  readonly roles?: readonly string[]
  /** The session that the token belongs to. */
  readonly sid?: string
  /** When the user authenticated (RFC 9068 §2.2.1). Seconds since 1970. */
  readonly auth_time?: number
  /** How strong that was: `1fa` is one factor. */
  readonly acr?: string
  /** By what, in the words of RFC 8176: `pwd` is a password. */
  readonly amr?: readonly string[]
  /** A digest of the user's security stamp when the token was issued, for a token without a session. */
  readonly stamp?: string
  /** Says that the client acts for itself, and ends with its secret: a MAC of the digest of the secret. */
  readonly client_stamp?: string
  /**
   * There for a client of somebody else, which its user has let in on a page: the token stands for what its scope
   * names, and not for the user.
   */
  readonly third_party?: true
}

/**
 * True if the claims have the types that the code relies on. A signature proves who wrote them, and not that.
 */
export function hasAccessTokenClaims(payload: object): payload is AccessTokenClaims {
  const claims = payload as Record<string, unknown>
  const { sub, exp, iat, jti, client_id, scope, aud = [], roles = [] } = claims
  const { auth_time = 0, acr = '', amr = [] } = claims
  const { sid, stamp, client_stamp, third_party = true } = claims
  const optional = [sid, stamp, client_stamp].filter((value) => value !== undefined)
  const texts = [sub, jti, client_id, scope, ...optional, ...[aud].flat()]
  return (
    optional.length > 0 &&
    third_party === true &&
    // A client that acts for itself is no user, whatever it is called.
    (client_stamp === undefined || (optional.length === 1 && sub === client_id)) &&
    Array.isArray(roles) &&
    Array.isArray(amr) &&
    [...texts, ...roles, acr, ...amr].every((value) => typeof value === 'string') &&
    [exp, iat, auth_time].every((value) => Number.isSafeInteger(value))
  )
}
