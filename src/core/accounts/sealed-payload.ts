import { createRotatingBox } from '../keys/rotating-box.ts'
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

/** @param secret At least 32 bytes, as each of the previous ones, which open what they sealed. */
export function createSealedPayloads(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[],
): SealedPayloads {
  const box = createRotatingBox(secret, previousSecrets, 'portcullis one-time tokens')
  return {
    seal: (payload, token) => box.seal(JSON.stringify(payload), contextOf(token)),
    open(token) {
      const opened = box.open(token.payload, contextOf(token))
      if (opened === null) return null
      const { text, sealedAgain } = opened
      return { payload: JSON.parse(text) as Payload, sealedAgain }
    },
  }
}

function contextOf({ kind, subject }: Place): string {
  return `one-time token ${kind} ${subject}`
}
