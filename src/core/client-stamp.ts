import { createHmac, hkdfSync } from 'node:crypto'

/**
 * Ties the tokens of a client to the secret that it has today, as the security stamp of a user does:
 * with a new secret all earlier tokens end.
 *
 * A MAC under a key of ours, so that nobody who sees a token can try secrets on it.
 */
export interface ClientStamps {
  /** The stamp of tokens that are issued now to the client of this secret. */
  of(secretHash: string): string
  /** True if a token was stamped for this secret. */
  matches(secretHash: string, stamp: string): boolean
}

/**
 * @param secret At least 32 bytes, as each of the previous ones, whose stamps are good still; a key
 * for this purpose alone is derived from each (RFC 5869).
 */
export function createClientStamps(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[] = [],
): ClientStamps {
  const stampOf = stampUnder(secret)
  const stamps = [stampOf, ...previousSecrets.map(stampUnder)]
  return {
    of: stampOf,
    // No secret is compared: the stamp is a claim that was signed by us.
    matches: (secretHash, stamp) => stamps.some((of) => of(secretHash) === stamp),
  }
}

function stampUnder(secret: Uint8Array): (secretHash: string) => string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'portcullis client stamp', 32))
  return (secretHash) =>
    createHmac('sha256', key).update(secretHash).digest('base64url').slice(0, 22)
}
