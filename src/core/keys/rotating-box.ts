import { deriveKey } from './keyed-digest.ts'
import { seal, unsealWithAny } from './sealed-box.ts'

/** Sealed boxes that go on through a change of the secret. */
export interface RotatingBox {
  /** Seals a text under the secret of today. It opens only with the same context. */
  seal(text: string, context: string): string
  /** Null if it was altered, has another context, or was sealed under none of the secrets. */
  open(sealed: string, context: string): OpenedBox | null
}

/** What was in a box. */
export interface OpenedBox {
  readonly text: string
  /** The same, sealed under the secret of today; undefined if it is already. */
  readonly sealedAgain: string | undefined
}

/**
 * @param secret At least 32 bytes, as each of the previous ones, which open what they sealed. A key for this
 * purpose alone is derived from each (RFC 5869).
 */
export function createRotatingBox(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[],
  purpose: string,
): RotatingBox {
  const key = deriveKey(secret, purpose)
  const keys = [key, ...previousSecrets.map((each) => deriveKey(each, purpose))]
  return {
    seal: (text, context) => seal(text, key, context),
    open(sealed, context) {
      const opened = unsealWithAny(sealed, keys, context)
      if (opened === null) return null
      const { text, isToday } = opened
      return { text, sealedAgain: isToday ? undefined : seal(text, key, context) }
    },
  }
}
