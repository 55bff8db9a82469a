import type { Clock } from '../clock.ts'
import { ThrottledError } from '../errors.ts'
import type { AuthEvent } from '../events/event-store.ts'
import { createKeyedDigest } from '../keys/keyed-digest.ts'
import { createPendingAttempts } from './pending-attempts.ts'
import { sourceOf } from './source.ts'
import {
  countedAndLocked,
  type ThrottleCount,
  type ThrottleRule,
  type ThrottleStore,
} from './throttle-store.ts'

declare const admitted: unique symbol

/**
 * The proof that an attempt was counted and may be looked at. Whatever verifies a secret asks for one,
 * so that no path can forget the throttle.
 */
export interface Admission {
  readonly [admitted]: true
  /** Where the attempt came from. */
  readonly source: string
}

/** An attempt to authenticate. */
export interface Attempt {
  /** Who is claimed to attempt it, in canonical form; whether there is such an account is not asked. */
  readonly account: string
  /** The address that it came from. */
  readonly address: string | undefined
  /**
   * False if waits are enough, since nobody finds the secret by trying now and then: then no number of
   * failures locks the account. Default true.
   */
  readonly locks?: boolean
  /** Called when its failure has locked the account, before the answer. */
  readonly onLocked?: (lock: Lock) => Promise<void>
}

/** An account that nobody gets into until it is unlocked. */
export interface Lock {
  /** Failures in a row. */
  readonly failures: number
  /** True if only the source that failed is locked out, which had logged in before; others go on. */
  readonly knownSource: boolean
}

/**
 * Slows down guessing, and cannot be used to keep somebody out: attempts on an account from a source
 * that has logged in to it before have a count of their own. Whoever guesses from elsewhere, or behind
 * the same address at other accounts, makes only strangers wait.
 */
export interface Throttle {
  /**
   * Counts the attempt and lets `verify` look at the secret; what it returns is the answer. Counted
   * before the look, so that of many attempts at once none gets a look too many; taken back when
   * `verify` throws, which says nothing of the secret.
   *
   * An answer that is not null is a success: it ends the waits of the account, and makes the source
   * known to it. The source's own count is only taken back by one: a good login does not excuse the
   * bad ones for other accounts.
   *
   * @throws {ThrottledError} if the account or the source has to wait; then nothing is counted.
   */
  attempt<T>(
    attempt: Attempt,
    verify: (admission: Admission) => Promise<T | null>,
  ): Promise<T | null>
  /** Ends the waits of an account, its lock too; the event is stored with that. */
  unlock(account: string, event?: AuthEvent): Promise<void>
  /** Deletes what no longer counts, and keeps the rest bounded. Returns how many. */
  prune(): Promise<number>
  /** Attempts that this process has refused to look at. */
  readonly refused: number
  /** Accounts that have been locked by failures which this process looked at. */
  readonly locked: number
}

/** An admission for those who verify secrets outside of a login, and limit the attempts themselves. */
export const unthrottledAdmission: Admission = Object.freeze({ source: 'unthrottled' }) as Admission

const never = Number.MAX_SAFE_INTEGER
const day = 24 * 60 * 60

/** An account, from sources that it does not know; and from one that it does. */
const accountRule: ThrottleRule = {
  free: 5,
  firstWait: 1,
  longestWait: 15 * 60,
  // NIST SP 800-63B-4 §3.2.2: at most 100 in a row, however slowly.
  lockedFrom: 100,
  forgottenAfter: never,
}
const unlockedRule: ThrottleRule = { ...accountRule, lockedFrom: never }
/** A source, whatever it tries. Many people may be behind one address. */
const sourceRule: ThrottleRule = {
  free: 50,
  firstWait: 1,
  longestWait: 15 * 60,
  lockedFrom: never,
  forgottenAfter: day,
}

/** Seconds after the last attempt that a count is kept. */
const keptFor = 30 * day
/** Seconds that a source stays known to an account which it has logged in to. */
const knownFor = 90 * day
/** Counts kept at most: whoever invents names cannot fill the disk. */
const maxCounts = 200_000

/** @param secret At least 32 bytes; a key for this purpose alone is derived from it (RFC 5869). */
export function createThrottle(store: ThrottleStore, secret: Uint8Array, clock: Clock): Throttle {
  // What was typed as a username may be a password: no text of a client is stored.
  const digest = createKeyedDigest(secret, 'portcullis throttle')
  const pending = createPendingAttempts()
  let refused = 0
  let locked = 0

  /** Counts an attempt by one key: 0, or less if that locks it, the seconds that it has to wait, or null if it is not present. */
  async function countBy(count: ThrottleCount): Promise<number | null> {
    const { key, now } = count
    pending.enter(key)
    const until = await store.count(count).catch((error) => {
      pending.refused(key)
      throw error
    })
    if (until !== null && until <= now) {
      pending.admitted(key)
      return until < 0 ? countedAndLocked : 0
    }
    pending.refused(key)
    return until === null ? null : until - now
  }

  /** Counts the attempt, and returns what it is counted by, or what has to wait. */
  async function count(
    account: string,
    source: string,
    rule: ThrottleRule,
  ): Promise<Counted | Refused> {
    const now = clock()
    const [sourceKey, accountKey] = [digest('source', source), digest('account', account)]
    const knownKey = digest('known', account, source)
    // One row for both: a source that is known has it, with a count of its own.
    const known = { key: knownKey, now, rule, ifPresent: true }
    const knownWait = await countBy(known)
    if (knownWait !== null && knownWait > 0) return { key: knownKey, seconds: knownWait }
    if (knownWait !== null) {
      const locks = knownWait === countedAndLocked
      return { keys: [knownKey], accountKey, knownKey, sourceKey: null, locks }
    }

    const sourceWait = await countBy({ key: sourceKey, now, rule: sourceRule })
    if (sourceWait) return { key: sourceKey, seconds: sourceWait }
    const stranger = { key: accountKey, account: accountKey, now, rule }
    const wait = await countBy(stranger).catch(async (error) => {
      await takeBack([sourceKey])
      throw error
    })
    if (wait !== null && wait > 0) {
      await takeBack([sourceKey])
      return { key: accountKey, seconds: wait }
    }
    const locks = wait === countedAndLocked
    return { keys: [sourceKey, accountKey], accountKey, knownKey, sourceKey, locks }
  }

  async function takeBack(keys: readonly string[]): Promise<void> {
    try {
      for (const key of keys) await store.takeBack(key)
    } finally {
      pending.settled(keys)
    }
  }

  return {
    async attempt({ account, address, locks = true, onLocked }, verify) {
      const source = sourceOf(address)
      const rule = locks ? accountRule : unlockedRule
      let counted = await count(account, source, rule)
      // Attempts that are being looked at count as failed until it is known that they have not: many
      // good logins at once wait for each other, and are not refused for it.
      while ('seconds' in counted) {
        if (!(await pending.outcome(counted.key))) {
          refused++
          throw new ThrottledError(Math.min(counted.seconds, accountRule.longestWait))
        }
        counted = await count(account, source, rule)
      }
      const { keys, accountKey, knownKey, sourceKey } = counted
      let answer: Awaited<ReturnType<typeof verify>>
      try {
        answer = await verify(Object.freeze({ source }) as Admission)
      } catch (error) {
        await takeBack(keys)
        throw error
      }
      try {
        if (answer !== null) {
          if (sourceKey !== null) await store.takeBack(sourceKey)
          await store.succeed({ account: accountKey, knownKey, now: clock() })
        } else if (counted.locks) {
          locked++
          // Not with the count, which is made before anybody knows that the attempt fails.
          await onLocked?.({ failures: rule.lockedFrom, knownSource: sourceKey === null })
        }
        return answer
      } finally {
        pending.settled(keys)
      }
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

interface Counted {
  /** What the attempt is counted by until it has succeeded. */
  readonly keys: readonly string[]
  readonly accountKey: string
  readonly knownKey: string
  /** Null if the source is known to the account. */
  readonly sourceKey: string | null
  /** True if the account is locked unless the attempt succeeds. */
  readonly locks: boolean
}

interface Refused {
  readonly key: string
  /** Until it may be tried again. */
  readonly seconds: number
}
