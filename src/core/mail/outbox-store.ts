import type { AuthEvent } from '../events/event-store.ts'
import type { MailKind } from './kinds.ts'

/** A mail to be sent. The address and what the text needs are sealed: the database alone reads neither. */
export interface NewMail {
  /** UUIDv7. The `Message-ID` is made of it, so a mail that is sent again is the same mail. */
  readonly id: string
  /** What it says. */
  readonly kind: MailKind
  /** The address, sealed. */
  readonly recipient: string
  /**
   * Another mail with the same key that was made at `coalescesSince` or later makes this one superfluous.
   * Null: every mail counts.
   */
  readonly coalesceKey: string | null
  /** What the text is made of, as sealed JSON. */
  readonly payload: string
  /** Seconds since 1970, like all instants here. */
  readonly createdAt: number
  /** From then on it may be sent. */
  readonly dueAt: number
  /** From then on it is worth nothing. */
  readonly expiresAt: number
}

/** Seconds in which one of the mails with a `coalesceKey` that are stored with changes is enough. */
export const coalescesFor: number = 10 * 60

/** A mail as stored. */
export interface MailRecord extends NewMail {
  /** What became of it. */
  readonly state: 'waiting' | 'sent' | 'failed'
  /** How often it was claimed. */
  readonly attempts: number
  /** Nobody else may send it before. Null: nobody has claimed it. */
  readonly claimedUntil: number | null
  /** Why it was not sent. Never the text of a relay that may name the address. */
  readonly reason: string | null
}

/** What became of a claimed mail. */
export type MailOutcome =
  /** The relay has taken it. */
  | { readonly state: 'sent' }
  /** It will never be sent. */
  | { readonly state: 'failed'; readonly reason: string }
  /** It is tried again from `dueAt` on. */
  | { readonly state: 'waiting'; readonly reason: string; readonly dueAt: number }

/** Mails that wait, and what became of others. */
export interface OutboxCounts {
  /** Mails that are to be sent. */
  readonly waiting: number
  /** Mails that will never be sent, and are not pruned yet. */
  readonly failed: number
  /** The `dueAt` of the mail that has waited longest; null if none waits. */
  readonly oldestDueAt: number | null
}

/** Mails at rest, from the request that causes one to the relay that takes it. */
export interface OutboxStore {
  /**
   * Stores a mail, which then survives a power failure. False, and nothing stored, if a mail with its
   * `coalesceKey` was made at `coalescesSince` or later. One conditional step: of many at once one is stored.
   */
  add(mail: NewMail, coalescesSince?: number): Promise<boolean>
  /**
   * Claims mails that are due and that nobody holds, `limit` at most, the oldest first: `attempts` grows by
   * one, and `claimedUntil` is `until`. Of two processes one gets a mail. Mails that have expired are not
   * claimed. A claim need not survive a power failure, which ends its holder, too.
   */
  claim(now: number, until: number, limit: number): Promise<readonly MailRecord[]>
  /**
   * Says what became of a claimed mail. False, and nothing changed, if the claim (`attempts`) is no longer
   * the last one. A mail that was sent or has failed loses its recipient and its payload.
   * Without an event it need not survive a power failure: the mail is sent again, and is the same.
   */
  settle(id: string, attempts: number, outcome: MailOutcome, event?: AuthEvent): Promise<boolean>
  /**
   * Makes mails that have expired while they waited `failed`, `limit` at most, and returns them. One that
   * somebody holds is left to them. They lose their recipient and their payload.
   */
  expire(now: number, limit: number): Promise<readonly MailRecord[]>
  /** Counts them. Reads indexes, not every row. */
  counts(): Promise<OutboxCounts>
  /** Deletes mails that do not wait and were made before an instant, `limit` at most; returns how many. */
  prune(before: number, limit: number): Promise<number>
}
