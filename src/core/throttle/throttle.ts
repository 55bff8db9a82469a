import type { Clock } from '../clock.ts'
import { ThrottledError } from '../errors.ts'
import type { AuthEvent } from '../events/event-store.ts'
import { createKeyedDigest } from '../keys/keyed-digest.ts'
import { type Counted, createCounting, type Wait } from './counting.ts'
import { createPendingAttempts } from './pending-attempts.ts'
import { accountRule, keptFor, knownFor, maxCounts, sourceRule, unlockedRule } from './rules.ts'
import { sourceOf } from './source.ts'
import { noEnd, type ThrottleRule, type ThrottleStore } from './throttle-store.ts'

declare const admitted: unique symbol

/**
 * The proof that an attempt was counted and may be checked. Every function that verifies a password
 * takes one, so that no path can forget the throttle.
 */
export interface Admission {
  readonly [admitted]: true
  /** Where the attempt came from. */
  readonly source: string
}

/** An attempt to authenticate. */
export interface Attempt {
  /** The claimed account, in canonical form. It need not exist. */
  readonly account: string
  /** The address that it came from. */
  readonly address: string | undefined
  /**
   * False if waits are enough, because slow attempts cannot guess the secret. Then no number of failures
   * locks the account. Default true.
   */
  readonly locks?: boolean
  /** Called when its failure has locked the account, before the answer. */
  readonly onLocked?: (lock: Lock) => Promise<void>
  /**
   * Called before a refusal that concerns the source, whether or not a secret was looked at; the refusal
   * comes when it resolves. Makes both take the same time. Default: at once.
   */
  readonly pace?: () => Promise<void>
}

/** An account that refuses every login until it is unlocked. */
export interface Lock {
  /** Failures in a row. */
  readonly failures: number
  /** True if only the source that failed is locked out. It had logged in before. Others can still log in. */
  readonly knownSource: boolean
}

/**
 * Slows down guessing. Attempts on an account from a source that has logged in to it before have a count
 * of their own, so that an attacker elsewhere, or behind the same address at other accounts, makes only
 * strangers wait.
 *
 * While a source waits, every wrong secret from it gets the same refusal. The right one succeeds if the
 * account knows the source. Such attempts are checked and have a count of their own, so that an attacker
 * cannot find out afterwards what happened during the wait.
 */
export interface Throttle {
  /**
   * Counts the attempt, lets `verify` check the secret, and returns its answer. It counts before the
   * check, so that simultaneous attempts cannot exceed the limit. If `verify` throws, the count is taken
   * back, since the secret was not checked.
   *
   * An answer that is not null is a success, and makes the source known to the account. A success from a
   * known source restarts the count of that source alone: unknown sources wait as before. A success from
   * a new source ends the count of unknown sources. The count of the source for all accounts only goes
   * down by one: a good login does not excuse failures at other accounts.
   *
   * @throws {ThrottledError} if the account or the source has to wait. Then nothing is counted, unless
   * the secret was checked.
   */
  attempt<T>(
    attempt: Attempt,
    verify: (admission: Admission) => Promise<T | null>,
  ): Promise<T | null>
  /** True if failures have locked an account, for strangers or for this source. */
  isLocked(account: string, address: string | undefined): Promise<boolean>
  /** Ends the waits of an account, its lock too; the event is stored with that. */
  unlock(account: string, event?: AuthEvent): Promise<void>
  /** Deletes what no longer counts, and keeps the rest bounded. Returns how many. */
  prune(): Promise<number>
  /** Attempts that this process has told to wait. */
  readonly refused: number
  /** Accounts that have been locked by failures which this process looked at. */
  readonly locked: number
}

/** An admission for those who verify secrets outside of a login, and limit the attempts themselves. */
export const unthrottledAdmission: Admission = Object.freeze({ source: 'unthrottled' }) as Admission

/** Seconds that an attempt waits for the outcome of others, before it is refused. */
const defaultPatience = 10

/**
 * @param secret At least 32 bytes; a key for this purpose alone is derived from it (RFC 5869).
 * @param patience Seconds that an attempt waits for the outcome of others, before it is refused.
 */
export function createThrottle(
  store: ThrottleStore,
  secret: Uint8Array,
  clock: Clock,
  patience: number = defaultPatience,
): Throttle {
  // What was typed as a username may be a password: no text of a client is stored.
  const digest = createKeyedDigest(secret, 'portcullis throttle')
  const pending = createPendingAttempts()
  const counting = createCounting(store, pending, digest, clock)
  let refused = 0
  let locked = 0

  /** Counts the attempt, when the pending ones before it allow it. */
  async function admit(
    account: string,
    source: string,
    rule: ThrottleRule,
  ): Promise<Counted | Wait> {
    const giveUpAt = performance.now() + 1000 * patience
    let admitted = await counting.admit(account, source, rule)
    while (admitted.kind === 'wait') {
      // Pending attempts count as failed until they succeed. So many good logins at once wait for each
      // other, instead of being refused.
      const { key } = admitted
      const retry = await pending.outcome(key, giveUpAt - performance.now())
      if (retry === null) break
      try {
        admitted = await counting.admit(account, source, rule)
        // Another attempt of the key may be admitted, unless the key itself refused this one.
        if (admitted.kind !== 'wait' || admitted.key !== key) retry.counted()
      } finally {
        retry.end()
      }
    }
    return admitted
  }

  async function refuse(
    seconds: number,
    isOfSource: boolean,
    pace: Attempt['pace'],
  ): Promise<never> {
    refused++
    if (isOfSource) await pace?.()
    throw new ThrottledError(Math.min(seconds, accountRule.longestWait))
  }

  async function succeed(counted: Counted): Promise<void> {
    const { accountKey, knownKey, sourceKey, waitingKey, isKnown, sourceWait } = counted
    if (!isKnown) await store.takeBack(sourceKey)
    const ends = isKnown ? (sourceWait === null ? [] : [waitingKey]) : [accountKey]
    await store.succeed({ account: accountKey, knownKey, now: clock(), ends })
  }

  /** Returns the seconds that the source has to wait, if it has. */
  async function fail(counted: Counted, onLocked: Attempt['onLocked']): Promise<number | null> {
    const { isKnown, sourceKey, sourceWait } = counted
    if (counted.locks) {
      locked++
      // Not with the count, which is made before the result of the attempt is known.
      await onLocked?.({ failures: accountRule.lockedFrom, knownSource: isKnown })
    }
    if (!isKnown || sourceWait !== null) return sourceWait
    // An attempt from an unknown source was counted by the source before the check. A known source need
    // not wait for the source's own count, so only its wrong secrets are counted there.
    const now = clock()
    const outcome = await store.count({ key: sourceKey, now, rule: sourceRule })
    return outcome.kind === 'wait' ? outcome.until - now : null
  }

  return {
    async attempt({ account, address, locks = true, onLocked, pace }, verify) {
      const source = sourceOf(address)
      const admitted = await admit(account, source, locks ? accountRule : unlockedRule)
      if (admitted.kind === 'wait') {
        return await refuse(admitted.seconds, admitted.isOfSource, pace)
      }
      let answer: Awaited<ReturnType<typeof verify>>
      try {
        answer = await verify(Object.freeze({ source }) as Admission)
      } catch (error) {
        await counting.takeBack(admitted.attempts)
        throw error
      }
      let sourceWait: number | null = null
      try {
        if (answer === null) sourceWait = await fail(admitted, onLocked)
        else await succeed(admitted)
      } finally {
        for (const each of admitted.attempts) each.end()
      }
      return sourceWait === null ? answer : await refuse(sourceWait, true, pace)
    },
    async isLocked(account, address) {
      const source = sourceOf(address)
      const keys = [digest('account', account), digest('known', account, source)]
      return (await store.find(keys)).some(({ blockedUntil }) => blockedUntil === noEnd)
    },
    unlock: (account, event) => store.unlock(digest('account', account), event),
    get refused() {
      return refused
    },
    get locked() {
      return locked
    },
    async prune() {
      const now = clock()
      return await store.prune(now - keptFor, now - knownFor, maxCounts)
    },
  }
}
