import { createKeyedDigest } from '../keys/keyed-digest.ts'

/**
 * Ties the tokens of a client to its current secret, as the security stamp of a user does: a new secret
 * ends all earlier tokens. Ties them to the epoch of the store too: a restored database has an old secret
 * again, but a new epoch.
 *
 * A MAC under our own key, so that a reader of a token cannot use it to test secrets.
 */
export interface ClientStamps {
  /** The stamp of tokens that are issued now to the client of this secret. */
  of(secretHash: string, epoch: string): string
  /** True if a token was stamped for this secret. */
  matches(secretHash: string, epoch: string, stamp: string): boolean
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
    matches: (secretHash, epoch, stamp) => stamps.some((of) => of(secretHash, epoch) === stamp),
  }
}

const stampUnder = (secret: Uint8Array): ClientStamps['of'] =>
  createKeyedDigest(secret, 'portcullis client stamp')
