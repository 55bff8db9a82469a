import type { JWK } from 'jose'
import { createLocalJWKSet } from 'jose/jwks/local'
import { FetchError } from './json-fetch.ts'
import { isSoundRsaKey } from './rsa-key.ts'

/** Finds the key of a token's header among the keys of one issuer. */
export type KeyFinder = ReturnType<typeof createLocalJWKSet>

/** The usable keys of a JWK Set. */
export interface KeySet {
  /** @throws {JWKSNoMatchingKey} or {JWKSMultipleMatchingKeys}, unless exactly one key fits. */
  readonly find: KeyFinder
  /** Each key as text, so that two sets can be compared. */
  readonly fingerprints: readonly string[]
}

/** Entries of a JWK Set, usable or not. */
const keysMax = 100

/**
 * Reads a JWK Set (RFC 7517 §5). Entries that are no public signature keys, or too weak, are left
 * out, as the RFC asks; so is what they say beyond the key. One entry that is there twice is one.
 * Two different keys of one id are kept, and then fit no token.
 *
 * @throws {FetchError} if it is none, is too large, or holds no usable key: a provider that makes a
 * mistake is not to take away the keys that are known.
 */
export function parseKeySet(document: unknown, url: string): KeySet {
  const { keys } = Object(document) as { keys?: unknown }
  if (!Array.isArray(keys)) throw new FetchError(url, 'is no JWK Set')
  if (keys.length > keysMax) throw new FetchError(url, `holds more than ${keysMax} keys`)
  const byText = new Map<string, JWK>()
  for (const entry of keys) {
    const key = publicSignatureKey(entry)
    if (key !== null) byText.set(JSON.stringify(key), key)
  }
  if (byText.size === 0) throw new FetchError(url, 'holds no usable key')
  return {
    find: createLocalJWKSet({ keys: [...byText.values()] }),
    fingerprints: [...byText.keys()],
  }
}

const curves: Readonly<Record<string, readonly unknown[]>> = {
  EC: ['P-256', 'P-384', 'P-521'],
  OKP: ['Ed25519'],
}
/** The signature algorithms with a public key. Never one with a secret. */
export const asymmetricAlgorithms: readonly string[] =
  'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ')

function publicSignatureKey(entry: unknown): JWK | null {
  const { kty, kid, alg, use, key_ops, crv, x, y, n, e, d, k } = Object(entry) as JWK
  const isForSignatures =
    (use === undefined || use === 'sig') &&
    (key_ops === undefined || (Array.isArray(key_ops) && key_ops.includes('verify'))) &&
    (alg === undefined || asymmetricAlgorithms.includes(alg))
  const isNamed = kid === undefined || (typeof kid === 'string' && kid.length <= 256)
  if (!isForSignatures || !isNamed || d !== undefined || k !== undefined) return null
  const named = { ...(kid !== undefined && { kid }), ...(alg !== undefined && { alg }) }
  if (kty === 'RSA') {
    if (typeof n !== 'string' || typeof e !== 'string') return null
    return isSoundRsaKey(n, e) ? { ...named, kty, n, e } : null
  }
  if (typeof kty !== 'string' || !Object.hasOwn(curves, kty) || !curves[kty]?.includes(crv)) {
    return null
  }
  if (typeof x !== 'string') return null
  if (kty === 'OKP') return { ...named, kty, crv: crv as string, x }
  return typeof y === 'string' ? { ...named, kty, crv: crv as string, x, y } : null
}
