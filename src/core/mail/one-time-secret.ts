import { createHash } from 'node:crypto'
import { createKeyedDigest, createMac } from '../keys/keyed-digest.ts'
import type { OneTimeTokenKind } from './one-time-token-store.ts'

/**
 * The secrets of mails: made of the id of the mail and a secret of the server, so they are nowhere at rest,
 * and a mail that is sent again holds the same.
 */
export interface OneTimeSecrets {
  /** The token of the link in a mail: `pot_` and 43 characters, 256 bits. */
  tokenOf(mailId: string, kind: OneTimeTokenKind): string
  /** The code in a mail, to be typed: 8 digits. */
  codeOf(mailId: string, kind: OneTimeTokenKind): string
}

/** @param secret At least 32 bytes; keys for these purposes alone are derived from it (RFC 5869). */
export function createOneTimeSecrets(secret: Uint8Array): OneTimeSecrets {
  const tokenMac = createMac(secret, 'portcullis one-time token')
  const codeMac = createMac(secret, 'portcullis one-time code')
  return {
    tokenOf: (mailId, kind) => `pot_${tokenMac(`${kind}:${mailId}`)}`,
    codeOf(mailId, kind) {
      // 64 bits: no digit is noticeably likelier than another.
      const number = Buffer.from(codeMac(`${kind}:${mailId}`), 'base64url').readBigUInt64BE()
      return String(number % 100_000_000n).padStart(8, '0')
    },
  }
}

/**
 * The digest under which a token of a kind is stored. A token of another kind has another, so none
 * passes as another.
 */
export function tokenDigestOf(kind: OneTimeTokenKind, token: string): string {
  return createHash('sha256').update(`${kind}:${token}`).digest('base64url')
}

/**
 * Returns the digests of a code that was typed for a subject, such as the id of a user: the first under
 * the secret of today, to be stored; the others under those of before. Keyed, because there are few codes.
 */
export function createCodeDigests(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[] = [],
): (kind: OneTimeTokenKind, subject: string, code: string) => readonly string[] {
  const macs = [secret, ...previousSecrets].map((each) =>
    createMac(each, 'portcullis digest of a one-time code'),
  )
  return (kind, subject, code) => macs.map((of) => of(JSON.stringify([kind, subject, code])))
}

/** Returns the digests that a token about an address may be found by: the first is that of today. */
export type AddressDigests = (emailKey: string) => readonly [string, ...string[]]

/**
 * Returns the digests of an address: the first under the secret of today, to be stored; the others under
 * those of before, by which tokens are found that were stored under them. No address is stored in plain text.
 */
export function createAddressDigests(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[] = [],
): AddressDigests {
  const under = (each: Uint8Array) => createKeyedDigest(each, 'portcullis addresses')
  const today = under(secret)
  const before = previousSecrets.map(under)
  return (emailKey) => [today(emailKey), ...before.map((digestOf) => digestOf(emailKey))]
}
