import { createHash } from 'node:crypto'
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { compactVerify } from 'jose/jws/compact/verify'
import { SignJWT } from 'jose/jwt/sign'
import type { Clock } from '../clock.ts'
import { findOrUpdate, type KeyRing, signingKeyNow } from '../keys/key-ring.ts'
import type { SigningKey } from '../keys/signing-key.ts'
import { isStrictlyEncoded } from '../tokens/token-text.ts'
import type { IdTokens } from './authorization.ts'

/** Neither an access token (`at+jwt`) nor a logout token (`logout+jwt`) is one (RFC 8725 §3.11). */
const type = 'JWT'

/** Longest hint that is looked at, in characters. */
const hintMaxLength = 8192

export interface IdTokensOptions {
  readonly keys: KeyRing
  readonly issuer: string
  /** Seconds. */
  readonly lifetime: number
  readonly clock: Clock
}

/** Signs ID tokens (OpenID Connect Core §2) with the keys of access tokens, which need a public half. */
export function createIdTokens({ keys, issuer, lifetime, clock }: IdTokensOptions): IdTokens {
  return {
    async issue({ user, clientId, session, nonce, accessToken, keysVersion }) {
      const { key, endsBy } = await signingKeyNow(keys, keysVersion)
      const now = clock()
      return await new SignJWT({
        iss: issuer,
        sub: user.id,
        aud: clientId,
        exp: Math.min(now + lifetime, session.expiresAt, endsBy),
        iat: now,
        auth_time: session.authenticatedAt,
        acr: session.acr,
        amr: session.amr,
        sid: session.id,
        at_hash: accessTokenHash(accessToken, key),
        ...(nonce !== null && { nonce }),
      })
        .setProtectedHeader({ alg: key.algorithm, typ: type, kid: key.id })
        .sign(key.signWith)
    },
    async readHint(token) {
      if (token.length > hintMaxLength || !isStrictlyEncoded(token)) return null
      const key = await findOrUpdate(keys, keyIdOf(token))
      if (key === undefined) return null
      try {
        const { payload, protectedHeader } = await compactVerify(token, key.verifyWith, {
          // Of the key, never of the token.
          algorithms: [key.algorithm],
        })
        if (protectedHeader.typ !== type) return null
        const { iss, sub, aud, sid } = JSON.parse(new TextDecoder().decode(payload))
        const areTexts = [sub, aud, sid].every((value) => typeof value === 'string')
        return iss === issuer && areTexts ? { sub, aud, sid } : null
      } catch {
        // One answer for every cause, as for access tokens.
        return null
      }
    },
    async algorithms() {
      await keys.update()
      const { current, publicJwks } = keys
      // Oldest first: those behind the key that signs are published, and sign later.
      const at = publicJwks.keys.findIndex(({ kid }) => kid === current.id)
      const later = publicJwks.keys.slice(at).map(({ alg }) => String(alg))
      return [...new Set([current.algorithm, ...later])]
    },
  }
}

/**
 * The left half of the hash of an access token (Core §3.1.3.6), by the hash function of the algorithm: of
 * Ed25519 that is SHA-512 (RFC 8032 §5.1).
 */
function accessTokenHash(accessToken: string, { algorithm }: SigningKey): string {
  const hash = createHash(algorithm === 'EdDSA' ? 'sha512' : 'sha256')
    .update(accessToken)
    .digest()
  return hash.subarray(0, hash.length / 2).toString('base64url')
}

/** The `kid` that a token names, which nothing has proved yet; empty for none. */
function keyIdOf(token: string): string {
  try {
    return String(decodeProtectedHeader(token).kid ?? '')
  } catch {
    return ''
  }
}
