import { createRotatingBox } from '../keys/rotating-box.ts'
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

/** @param secret At least 32 bytes, as each of the previous ones, which open what they sealed. */
export function createSealedSecrets(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[],
): SealedSecrets {
  const box = createRotatingBox(secret, previousSecrets, 'portcullis second factors')
  return {
    seal: (bytes, factor) => box.seal(Buffer.from(bytes).toString('base64url'), contextOf(factor)),
    open(factor) {
      const opened = factor.sealedSecret && box.open(factor.sealedSecret, contextOf(factor))
      if (!opened) return null
      const { text, sealedAgain } = opened
      return { bytes: new Uint8Array(Buffer.from(text, 'base64url')), sealedAgain }
    },
  }
}

function contextOf({ id, userId }: Pick<FactorRecord, 'id' | 'userId'>): string {
  return `secret of the factor ${id} of ${userId}`
}
