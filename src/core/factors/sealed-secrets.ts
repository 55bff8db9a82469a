import { deriveKey } from '../keys/keyed-digest.ts'
import { seal, unseal } from '../keys/sealed-box.ts'
import type { FactorRecord } from './factor-store.ts'

/** Secrets of authenticator apps, as they are stored. */
export interface SealedSecrets {
  /** Seals one for a factor of a user; it opens in no other row. */
  seal(secret: Uint8Array, factor: Pick<FactorRecord, 'id' | 'userId'>): string
  /** Null if it was altered, moved to another row, or sealed under a secret that is gone. */
  open(factor: FactorRecord): OpenedSecret | null
}

/** A secret that was opened. */
export interface OpenedSecret {
  readonly bytes: Uint8Array
  /** The same, sealed under the key of today; undefined if it is already. */
  readonly sealedAgain: string | undefined
}

/**
 * @param secret At least 32 bytes, as each of the previous ones, which open what they sealed. A key for this
 * purpose alone is derived from each (RFC 5869).
 */
export function createSealedSecrets(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[],
): SealedSecrets {
  const keyOf = (from: Uint8Array): Uint8Array => deriveKey(from, 'portcullis second factors')
  const [key, ...previous] = [keyOf(secret), ...previousSecrets.map(keyOf)] as [
    Uint8Array,
    ...Uint8Array[],
  ]
  const sealed: SealedSecrets['seal'] = (bytes, factor) =>
    seal(Buffer.from(bytes).toString('base64url'), key, contextOf(factor))
  return {
    seal: sealed,
    open(factor) {
      if (factor.sealedSecret === null) return null
      for (const each of [key, ...previous]) {
        const text = unseal(factor.sealedSecret, each, contextOf(factor))
        if (text === null) continue
        const bytes = new Uint8Array(Buffer.from(text, 'base64url'))
        return { bytes, sealedAgain: each === key ? undefined : sealed(bytes, factor) }
      }
      return null
    },
  }
}

function contextOf({ id, userId }: Pick<FactorRecord, 'id' | 'userId'>): string {
  return `secret of the factor ${id} of ${userId}`
}
