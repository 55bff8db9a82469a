import { createHmac, hkdfSync } from 'node:crypto'
import type { Clock } from './clock.ts'
import { ThrottledError } from './errors.ts'
import { sourceOf } from './source.ts'
import type { ThrottleRule, ThrottleStore } from './store.ts'

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
  /** Ends the waits of an account, its lock too. */
  unlock(account: string): Promise<void>
  /** Deletes what no longer counts, and keeps the rest bounded. Returns how many. */
  prune(): Promise<number>
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
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'portcullis throttle', 32))
  // What was typed as a username may be a password: no text of a client is stored.
  const digest = (...parts: readonly string[]): string =>
    createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url').slice(0, 22)

  /** @throws {ThrottledError} */
  function wait(until: number, now: number): never {
    throw new ThrottledError(Math.max(1, Math.min(until - now, accountRule.longestWait)))
  }

  return {
    async attempt({ account, address }, verify) {
      const now = clock()
      const source = sourceOf(address)
      const sourceKey = digest('source', source)
      const accountId = digest('account', account)
      const knownKey = digest('known', account, source)

      // One row for both: a source that is known has it, with a count of its own.
      const known = await store.count({ key: knownKey, now, rule: accountRule, ifPresent: true })
      const counted = known === null ? [sourceKey, accountId] : [knownKey]
      if (known === null) await countStranger()
      else if (known > now) wait(known, now)

      async function countStranger(): Promise<void> {
        const fromSource = await store.count({ key: sourceKey, now, rule: sourceRule })
        if (fromSource !== null && fromSource > now) wait(fromSource, now)
        const account = accountId
        const until = await store.count({ key: accountId, now, rule: accountRule, account })
        if (until === null || until <= now) return
        await store.takeBack(sourceKey)
        wait(until, now)
      }

      let answer: Awaited<ReturnType<typeof verify>>
      try {
        answer = await verify(Object.freeze({ source }) as Admission)
      } catch (error) {
        for (const key of counted) await store.takeBack(key)
        throw error
      }
      if (answer === null) return null
      if (known === null) await store.takeBack(sourceKey)
      await store.succeed({ account: accountId, knownKey, now })
      return answer
    },
    unlock: (account) => store.unlock(digest('account', account)),
    async prune() {
      const now = clock()
      return await store.prune(now - keptFor, now - knownFor, maxCounts)
    },
  }
}
