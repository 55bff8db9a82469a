import { deriveKey } from '../keys/keyed-digest.ts'
import { seal, unseal } from '../keys/sealed-box.ts'
import type { MailKind } from './kinds.ts'
import { createOneTimeSecrets } from './one-time-secret.ts'
import type { OneTimeTokenKind } from './one-time-token-store.ts'
import type { MailRecord, NewMail } from './outbox-store.ts'

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>

/** A mail that was claimed, with what only the server can read. */
export interface OpenedMail {
  readonly id: string
  readonly kind: MailKind
  /** The address that it was prepared for; null if there was none, such as for a name that was typed. */
  readonly to: string | null
  readonly payload: JsonObject
  /** How often it was claimed, this time included. */
  readonly attempts: number
  /** Seconds since 1970. */
  readonly createdAt: number
  readonly expiresAt: number
  /** The token of its link, `pot_…`: the same each time the mail is sent. */
  tokenOf(kind: OneTimeTokenKind): string
  /** Its code of 8 digits: the same each time. */
  codeOf(kind: OneTimeTokenKind): string
}

/** What of a mail nobody who reads the database may read. */
interface Contents {
  readonly to: string | null
  readonly payload: JsonObject
}

export interface MailSealing {
  seal(id: string, contents: Contents): Pick<NewMail, 'recipient' | 'payload'>
  /** Null if it was sealed under a secret that is gone, or altered. */
  open(mail: MailRecord): OpenedMail | null
}

/**
 * @param secret At least 32 bytes, as each of the previous ones, which open what they sealed. A key for
 * this purpose alone is derived from each (RFC 5869).
 */
export function createMailSealing(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[] = [],
): MailSealing {
  const keyOf = (from: Uint8Array): Uint8Array => deriveKey(from, 'portcullis outbox')
  const key = keyOf(secret)
  const openers = [secret, ...previousSecrets].map((each) => ({
    key: keyOf(each),
    secrets: createOneTimeSecrets(each),
  }))
  return {
    seal: (id, { to, payload }) => ({
      recipient: seal(to ?? '', key, recipientContext(id)),
      payload: seal(JSON.stringify(payload), key, payloadContext(id)),
    }),
    open(mail) {
      const { id, kind, attempts, createdAt, expiresAt } = mail
      for (const { key, secrets } of openers) {
        const to = unseal(mail.recipient, key, recipientContext(id))
        const payload = unseal(mail.payload, key, payloadContext(id))
        if (to === null || payload === null) continue
        return {
          ...{ id, kind, attempts, createdAt, expiresAt },
          to: to === '' ? null : to,
          // It was made of a JSON object by seal.
          payload: JSON.parse(payload) as JsonObject,
          tokenOf: (of) => secrets.tokenOf(id, of),
          codeOf: (of) => secrets.codeOf(id, of),
        }
      }
      return null
    },
  }
}

const recipientContext = (id: string): string => `recipient of the mail ${id}`
const payloadContext = (id: string): string => `payload of the mail ${id}`
