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

/**
 * What an access token says of its session. A change that its user asks for by it is one of the session if that is
 * still as the token says. If the session was refreshed since, two may hold tokens of it. If the token says more
 * than the session, it came of an authentication that the session took no part in for that reason.
 */
export interface AskingToken {
  /** When it was issued: its `iat`. Seconds since 1970. */
  readonly issuedAt: number
  /** When the user had authenticated: its `auth_time`. Seconds since 1970. */
  readonly authenticatedAt: number
}

/** Whether a session is still as the token says. */
export function isAsTokenSays(
  { rotatedAt, authenticatedAt }: { readonly rotatedAt: number; readonly authenticatedAt: number },
  token: AskingToken,
): boolean {
  return rotatedAt <= token.issuedAt && authenticatedAt >= token.authenticatedAt
}

/** A login with a password alone, at this instant. */
export function byPassword(authenticatedAt: number): Authentication {
  return { authenticatedAt, acr: '1fa', amr: ['pwd'] }
}

/** What was shown beside a password, or in its place. */
export interface FactorProof {
  /** `phr` for a passkey that has verified its user: two factors, and nothing that a false page could use. */
  readonly acr: '2fa' | 'phr'
  /** By what, in the words of RFC 8176. */
  readonly amr: readonly string[]
}

/** A code of an app, or a recovery code. */
export const byCode: FactorProof = { acr: '2fa', amr: ['otp'] }

/**
 * A passkey, which is a key in a device (`hwk`), or one that its user may copy to others (`swk`). Its user was
 * there (`user`).
 */
export function byPasskey(passkey: {
  readonly userVerified: boolean
  readonly backupEligible: boolean
}): FactorProof {
  return {
    acr: passkey.userVerified ? 'phr' : '2fa',
    amr: [passkey.backupEligible ? 'swk' : 'hwk', 'user'],
  }
}

/** A login with two factors, at this instant. @param proof Default: a code. */
export function byTwoFactors(
  authenticatedAt: number,
  amr: readonly string[],
  proof: FactorProof = byCode,
): Authentication {
  const { acr } = proof
  return { authenticatedAt, acr, amr: [...new Set([...amr, ...proof.amr, 'mfa'])] }
}

/** True for a login with two factors: `2fa`, or `phr` with a passkey that has verified its user. */
export function isTwoFactors({ acr }: Pick<Authentication, 'acr'>): boolean {
  return acr === '2fa' || acr === 'phr'
}
