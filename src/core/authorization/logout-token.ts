import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose/jwt/sign'
import type { Clock } from '../clock.ts'
import { type KeyRing, signingKeyNow } from '../keys/key-ring.ts'

/** Seconds that a logout token is good for (Back-Channel Logout §2.4: at most two minutes). */
const lifetime = 2 * 60

/** The member of `events` that makes a token a logout token (Back-Channel Logout §2.4). */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

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
    const { key, endsBy } = await signingKeyNow(keys)
    const now = clock()
    return await new SignJWT({
      iss: issuer,
      sub: userId,
      aud: clientId,
      iat: now,
      exp: Math.min(now + lifetime, endsBy),
      jti: randomUUID(),
      sid: sessionId,
      events: { [logoutEvent]: {} },
    })
      .setProtectedHeader({ alg: key.algorithm, typ: 'logout+jwt', kid: key.id })
      .sign(key.signWith)
  }
}
