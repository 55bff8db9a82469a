import type { AuthEvent } from '../events/event-store.ts'

/** How attempts are slowed down. Times in seconds. */
export interface ThrottleRule {
  /** Failures before the first wait. At least 1. */
  readonly free: number
  /** The wait after the first failure beyond those; each further one doubles it. */
  readonly firstWait: number
  /** Doubling stops at this wait. */
  readonly longestWait: number
  /** From this many failures on there is no end to the wait but `unlock`. */
  readonly lockedFrom: number
  /** After this long without an attempt counting starts anew. */
  readonly forgottenAfter: number
}

/** An attempt to be counted. */
export interface ThrottleCount {
  /** What is counted: an account, or a source with it. */
  readonly key: string
  /** Seconds since 1970. */
  readonly now: number
  /** How long to wait after how many failures. */
  readonly rule: ThrottleRule
  /** The account that `unlock` knows the count by. */
  readonly account?: string
  /** Count only if there is a count of this key. */
  readonly ifPresent?: boolean
}

/** What `count` answers: the attempt was counted, and with it the count is locked. */
export const countedAndLocked = -1

/** Counts of failed attempts, shared by all processes. They need not survive a power failure. */
export interface ThrottleStore {
  /**
   * Counts an attempt as failed, unless its key has to wait. One conditional step: of many at once
   * none is counted beyond the rule. Returns 0 if it was counted, `countedAndLocked` if that
   * made the failures `lockedFrom`, else the instant until which it has to wait; null if it was to be
   * present and is not.
   */
  count(count: ThrottleCount): Promise<number | null>
  /** Takes one attempt back, which has not failed, with the wait that it may have brought. */
  takeBack(key: string): Promise<void>
  /** Ends the count of an account, and starts or restarts that of a source known to it. */
  succeed(success: {
    readonly account: string
    readonly knownKey: string
    readonly now: number
  }): Promise<void>
  /** Ends all waits of an account. */
  unlock(account: string, event?: AuthEvent): Promise<void>
  /**
   * Deletes counts that were last counted before one instant and are not locked, known sources that
   * last succeeded before the other, and the least important of those that are more than `most`.
   */
  prune(countedBefore: number, succeededBefore: number, most: number): Promise<number>
}
