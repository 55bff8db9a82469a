import type { StoredWith } from './stored-with.ts'

/** What a one-time token is for. */
export type OneTimeTokenKind =
  | 'registration'
  | 'invitation'
  | 'password_reset'
  | 'email_change'
  | 'email_restore'
  /** A login that waits for the second factor. */
  | 'mfa'
  /** A challenge that a passkey has signed: stored when it is used up. */
  | 'passkey'

/** Whether the payload of a kind is sealed: a challenge that was used has none. */
const areSealed: Readonly<Record<OneTimeTokenKind, boolean>> = {
  ...{ registration: true, invitation: true, password_reset: true },
  ...{ email_change: true, email_restore: true, mfa: true, passkey: false },
}
/** All whose payload is sealed. */
export const sealedTokenKinds: readonly OneTimeTokenKind[] = (
  Object.keys(areSealed) as OneTimeTokenKind[]
).filter((kind) => areSealed[kind])

/**
 * A one-time token as stored: never the token itself.
 *
 * It is live while it has not expired and, if it is of a user, while that user is active and has the same
 * security stamp. So a new password, a new address, a deactivation and a log-out everywhere end it.
 */
export interface OneTimeTokenRecord {
  /** A digest of the kind and the token. Unique. */
  readonly digest: string
  /** What it is for. No kind passes as another. */
  readonly kind: OneTimeTokenKind
  /** What there is one token of a kind for: the id of a user or an invitation, or a digest of an address. */
  readonly subject: string
  /** The user whom it concerns; null if there is none yet. Deleted with the user. */
  readonly userId: string | null
  /** The stamp of that user when it was made. Null without a user. */
  readonly securityStamp: string | null
  /** A keyed digest of the address that it is about; null if it is about none. */
  readonly addressDigest: string | null
  /** What else it is about, as sealed JSON. */
  readonly payload: string
  /** Wrong ones that were typed. */
  readonly tries: number
  /** Seconds since 1970, like all instants here. */
  readonly createdAt: number
  /** From then on it is not live. */
  readonly expiresAt: number
}

/** A page of tokens of one kind, ordered by subject. */
export interface OneTimeTokenQuery {
  /** The kind of all of them. */
  readonly kind: OneTimeTokenKind
  /** Continue after this subject (exclusive). */
  readonly after?: string
  /** The most tokens to return. */
  readonly limit: number
}

/** Another seal of what a token is about. */
export interface TokenReseal {
  /** The kind of the token. */
  readonly kind: OneTimeTokenKind
  /** Its subject: there is one token of a kind for it. */
  readonly subject: string
  /** What must be stored now. */
  readonly from: string
  /** What is stored in its place. */
  readonly to: string
}

/** One-time tokens at rest. */
export interface OneTimeTokenStore {
  /**
   * Stores a token in the place of the one of the same kind and subject, if there is one. False, and nothing
   * stored, if its user is gone, inactive, or has another stamp. A token whose digest is stored already
   * stays as it is, with its tries: that is true, and nothing is stored with it.
   */
  put(token: OneTimeTokenRecord, storedWith?: StoredWith): Promise<boolean>
  /** The live token of a digest, or null. */
  find(digest: string, now: number): Promise<OneTimeTokenRecord | null>
  /** The live token of a kind and a subject, or null. */
  findBySubject(
    kind: OneTimeTokenKind,
    subject: string,
    now: number,
  ): Promise<OneTimeTokenRecord | null>
  /** The live tokens of a kind that are about an address. */
  findByAddress(
    kind: OneTimeTokenKind,
    addressDigest: string,
    now: number,
  ): Promise<readonly OneTimeTokenRecord[]>
  /**
   * Counts a try, and returns the token as it is then, or null if it is not live or `most` tries were
   * counted before. One conditional step: of many at once `most` are let through.
   */
  countTry(
    kind: OneTimeTokenKind,
    subject: string,
    most: number,
    now: number,
  ): Promise<OneTimeTokenRecord | null>
  /** Ends the token of a kind and a subject. False if there is none. */
  end(kind: OneTimeTokenKind, subject: string, storedWith?: StoredWith): Promise<boolean>
  /** Tokens of one kind, live or expired, ordered by subject. */
  list(query: OneTimeTokenQuery): Promise<readonly OneTimeTokenRecord[]>
  /**
   * Replaces the payload of a token, live or expired, and nothing else of it. False, and nothing changed, if it
   * is not the one in `from` (compare-and-set).
   */
  reseal(change: TokenReseal): Promise<boolean>
  /** Deletes tokens that expired before an instant, `limit` at most; returns how many. */
  prune(expiredBefore: number, limit: number): Promise<number>
}
