/**
 * How the user of a session has proved to be that user, and when (RFC 9068 §2.2.1). A step-up replaces it;
 * a refresh keeps it.
 */
export interface Authentication {
  /** When that was: the `auth_time` of access tokens. Seconds since 1970. */
  readonly authenticatedAt: number
  /** How strong it was: the `acr` of access tokens. `1fa` is one factor. */
  readonly acr: string
  /** By what: the `amr` of access tokens, in the words of RFC 8176. `pwd` is a password. */
  readonly amr: readonly string[]
}

/** A login with a password alone, at this instant. */
export function byPassword(authenticatedAt: number): Authentication {
  return { authenticatedAt, acr: '1fa', amr: ['pwd'] }
}

/** A login with a password and a second factor, at this instant. */
export function byTwoFactors(authenticatedAt: number, amr: readonly string[]): Authentication {
  return { authenticatedAt, acr: '2fa', amr: [...new Set([...amr, 'otp', 'mfa'])] }
}

/** True for a login with two factors: `2fa`, or `phr` with a passkey that has verified its user. */
export function isTwoFactors({ acr }: Pick<Authentication, 'acr'>): boolean {
  return acr === '2fa' || acr === 'phr'
}
