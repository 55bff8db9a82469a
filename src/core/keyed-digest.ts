import { createHmac, hkdfSync } from 'node:crypto'

/**
 * Makes a digest of texts that must not be stored, such as what was typed as a username and may be a
 * password: the same for the same texts, and worthless without the secret.
 *
 * @param secret At least 32 bytes; a key for this purpose alone is derived from it (RFC 5869).
 */
export function createKeyedDigest(
  secret: Uint8Array,
  purpose: string,
): (...parts: readonly string[]) => string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
  return (...parts) =>
    createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}
