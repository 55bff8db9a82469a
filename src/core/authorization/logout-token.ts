import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose/jwt/sign'
import { type Clock, clockTolerance } from '../clock.ts'
import type { KeyRing } from '../keys/key-ring.ts'

/** Seconds that a logout token is good for (Back-Channel Logout §2.4: at most two minutes). */
const lifetime = 2 * 60

/** The member of `events` that makes a token a logout token (Back-Channel Logout §2.4). */
export const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/** What a logout token is about. */
export interface LogoutTokenSubject {
  readonly userId: string
  readonly clientId: string
  readonly sessionId: string
}

/**
 * Returns what makes logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4), each with an id of its own.
 * They are signed as ID tokens are, and never have a `nonce`, so that neither can be taken for the other.
 */
export function createLogoutTokens(
  keys: KeyRing,
  issuer: string,
  clock: Clock,
): (subject: LogoutTokenSubject) => Promise<string> {
  return async ({ userId, clientId, sessionId }) => {
    // No process signs with a key that another one has retired.
    await keys.update()
    const { current } = keys
    const now = clock()
    // A token must not outlive its key.
    const keyEnds = (current.verifiesUntil ?? Number.MAX_SAFE_INTEGER) - clockTolerance
    return await new SignJWT({
      iss: issuer,
      sub: userId,
      aud: clientId,
      iat: now,
      exp: Math.min(now + lifetime, keyEnds),
      jti: randomUUID(),
      sid: sessionId,
      events: { [logoutEvent]: {} },
    })
      .setProtectedHeader({ alg: current.algorithm, typ: 'logout+jwt', kid: current.id })
      .sign(current.signWith)
  }
}
