import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/**
 * Derives a key of 32 bytes for one purpose alone (RFC 5869).
 *
 * @param secret At least 32 bytes.
 */
export function deriveKey(secret: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', purpose, 32))
}

/**
 * Makes a MAC of texts (HMAC-SHA-256, in base64url).
 *
 * @param secret At least 32 bytes; a key for this purpose alone is derived from it (RFC 5869).
 */
export function createMac(secret: Uint8Array, purpose: string): (text: string) => string {
  const key = deriveKey(secret, purpose)
  return (text) => createHmac('sha256', key).update(text).digest('base64url')
}

/** A MAC that goes on through a change of the secret. */
export interface RotatingMac {
  /** The MAC of a text, under the secret of today. */
  of(text: string): string
  /** True if it is the MAC of a text under one of the secrets, compared in constant time. */
  isOf(text: string, presented: string): boolean
}

/**
 * Makes MACs as `createMac` does, and also knows those that were made with the previous secrets.
 *
 * @param secret At least 32 bytes, as each of the previous ones.
 */
export function createRotatingMac(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[],
  purpose: string,
): RotatingMac {
  const of = createMac(secret, purpose)
  const macs = [of, ...previousSecrets.map((previous) => createMac(previous, purpose))]
  return {
    of,
    isOf(text, presented) {
      const bytes = Buffer.from(presented)
      return macs.some((mac) => {
        const made = Buffer.from(mac(text))
        return made.length === bytes.length && timingSafeEqual(made, bytes)
      })
    },
  }
}

/**
 * Makes a digest of texts that must not be stored, such as what was typed as a username and may be a
 * password: the same for the same texts, and worthless without the secret.
 *
 * @param secret As for `createMac`.
 */
export function createKeyedDigest(
  secret: Uint8Array,
  purpose: string,
): (...parts: readonly string[]) => string {
  const macOf = createMac(secret, purpose)
  return (...parts) => macOf(JSON.stringify(parts)).slice(0, 22)
}
