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
  /** After this long without an attempt, counting starts at zero. */
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

/** What became of an attempt that was to be counted. */
export type ThrottleOutcome =
  /** It counts as failed. `locks`: that made the failures `lockedFrom`. */
  | { readonly kind: 'counted'; readonly locks: boolean }
  /** Nothing was counted: the key has to wait until this instant, which is later than `now`. */
  | { readonly kind: 'wait'; readonly until: number }
  /** Nothing was counted: the count was to be present and is not. */
  | { readonly kind: 'absent' }

/** An attempt that is counted by several keys at once. */
export interface ThrottleAdmission {
  /** The source of the attempt, for this account. Where it has a count, that alone is added to. */
  readonly knownKey: string
  /** The source for all accounts. */
  readonly sourceKey: string
  /** The account for all sources that it does not know. It is the account that `unlock` knows the count by, too. */
  readonly accountKey: string
  /** Seconds since 1970. */
  readonly now: number
  /** How long the account, or the source for it, waits after how many failures. */
  readonly rule: ThrottleRule
  /** The same of the source for all accounts. */
  readonly sourceRule: ThrottleRule
}

/** By what an attempt was counted at once. */
export interface ThrottleAdmitted {
  /** True if it is the source for this account; false if it is the source and the account. */
  readonly isKnown: boolean
  /** True if that made the failures of `rule` its `lockedFrom`. */
  readonly locks: boolean
}

/** A count as it is now. */
export interface ThrottleState {
  /** What is counted, as in `ThrottleCount`. */
  readonly key: string
  /** The instant until which attempts wait, in the past if none waits; `noEnd` if the count is locked. */
  readonly blockedUntil: number
}

/** A success. */
export interface ThrottleSuccess {
  /** The account that has logged in. */
  readonly account: string
  /** The count of the source for this account, which starts or restarts at no failure. */
  readonly knownKey: string
  /** Seconds since 1970. */
  readonly now: number
  /** Other counts that end with it. */
  readonly ends: readonly string[]
}

/**
 * The instant until which a locked count waits, in place of one in seconds: `Number.MAX_SAFE_INTEGER`. A
 * column that holds it needs 64 bits.
 */
export const noEnd: number = Number.MAX_SAFE_INTEGER

/** Counts of failed attempts, shared by all processes. They need not survive a power failure. */
export interface ThrottleStore {
  /**
   * Counts an attempt as failed, unless its key has to wait. One conditional step: of many at once
   * none is counted beyond the rule.
   */
  count(count: ThrottleCount): Promise<ThrottleOutcome>
  /**
   * Counts an attempt by the source for the account, or, where that has no count, by the source and the account.
   * Null, and nothing counted, if a key has to wait, or if it cannot be done at once: then `find` and `count`
   * do it. A store may leave this out.
   */
  admit?(admission: ThrottleAdmission): Promise<ThrottleAdmitted | null>
  /** The counts of these keys, in any order. A key without a count is left out. Changes nothing. */
  find(keys: readonly string[]): Promise<readonly ThrottleState[]>
  /** Takes back one attempt that has not failed, and the wait that it may have caused. */
  takeBack(key: string): Promise<void>
  /** Makes a source known to an account. Ends only the counts that are named. */
  succeed(success: ThrottleSuccess): Promise<void>
  /** Ends all waits of an account. */
  unlock(account: string, event?: AuthEvent): Promise<void>
  /**
   * Deletes counts that were last counted before `countedBefore` and are not locked, and known sources
   * that last succeeded before `succeededBefore`. Of more than `most` it deletes the least important.
   */
  prune(countedBefore: number, succeededBefore: number, most: number): Promise<number>
}

/**
 * The instant until which a count has to wait, or null if it need not. Instants in seconds since 1970. A
 * wait that is longer than the rule's longest does not hold: the clock was set back.
 */
export function waitOf(blockedUntil: number, now: number, rule: ThrottleRule): number | null {
  // A wait longer than the longest was made before the clock was set back.
  const isStale = blockedUntil > now + rule.longestWait && blockedUntil < noEnd
  return blockedUntil > now && !isStale ? blockedUntil : null
}
