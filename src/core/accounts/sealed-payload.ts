import { deriveKey } from '../keys/keyed-digest.ts'
import { seal, unseal } from '../keys/sealed-box.ts'
import type { OneTimeTokenRecord } from '../mail/one-time-token-store.ts'

/** What a token is about. */
export type Payload = Readonly<Record<string, unknown>>

/** What one-time tokens are about, as it is stored. */
export interface SealedPayloads {
  /** Seals it for a token of a kind and a subject; it opens in no other row. */
  seal(payload: Payload, token: Place): string
  /** Null if it was altered, moved to another row, or sealed under a secret that is gone. */
  open(token: Place & Pick<OneTimeTokenRecord, 'payload'>): OpenedPayload | null
}

/** A payload that was opened. */
export interface OpenedPayload {
  readonly payload: Payload
  /** The same, sealed under the key of today; undefined if it is already. */
  readonly sealedAgain: string | undefined
}

type Place = Pick<OneTimeTokenRecord, 'kind' | 'subject'>

/**
 * @param secret At least 32 bytes, as each of the previous ones, which open what they sealed. A key for this
 * purpose alone is derived from each (RFC 5869).
 */
export function createSealedPayloads(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[],
): SealedPayloads {
  const keyOf = (from: Uint8Array): Uint8Array => deriveKey(from, 'portcullis one-time tokens')
  const key = keyOf(secret)
  const keys = [key, ...previousSecrets.map(keyOf)]
  return {
    seal: (payload, token) => seal(JSON.stringify(payload), key, contextOf(token)),
    open(token) {
      for (const each of keys) {
        const text = unseal(token.payload, each, contextOf(token))
        if (text === null) continue
        const sealedAgain = each === key ? undefined : seal(text, key, contextOf(token))
        return { payload: JSON.parse(text) as Payload, sealedAgain }
      }
      return null
    },
  }
}

function contextOf({ kind, subject }: Place): string {
  return `one-time token ${kind} ${subject}`
}
