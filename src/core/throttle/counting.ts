import type { Clock } from '../clock.ts'
import type { PendingAttempt, PendingAttempts } from './pending-attempts.ts'
import { sourceRule } from './rules.ts'
import {
  type ThrottleCount,
  type ThrottleRule,
  type ThrottleStore,
  waitOf,
} from './throttle-store.ts'

/** An attempt that was counted, and may be looked at. */
export interface Counted extends Keys {
  readonly kind: 'counted'
  /** What it is counted by until it has an outcome. */
  readonly attempts: readonly PendingAttempt[]
  /** True if it locks the account unless it succeeds. */
  readonly locks: boolean
  /** True if the account knows the source. */
  readonly isKnown: boolean
  /** Seconds that every other attempt from the source has to wait; null if none has to. */
  readonly sourceWait: number | null
}

/** An attempt that has to wait. Nothing was counted. */
export interface Wait {
  readonly kind: 'wait'
  /** What it waits by. */
  readonly key: string
  /** Until it may be tried again. */
  readonly seconds: number
  /** True if the source waits for every account. */
  readonly isOfSource: boolean
}

interface Keys {
  readonly accountKey: string
  /** Of the source, for this account. */
  readonly knownKey: string
  /** Of the source, for all accounts. */
  readonly sourceKey: string
  /** Of the source, for this account, while the source waits. */
  readonly waitingKey: string
}

interface CountedBy {
  readonly kind: 'counted'
  readonly attempt: PendingAttempt
  readonly locks: boolean
}

/** Counts attempts before they are looked at. */
export interface Counting {
  /** Counts the attempt, and returns what it is counted by, or what has to wait. */
  admit(account: string, source: string, rule: ThrottleRule): Promise<Counted | Wait>
  /** Takes back attempts that have not failed. */
  takeBack(attempts: readonly PendingAttempt[]): Promise<void>
}

export function createCounting(
  store: ThrottleStore,
  pending: PendingAttempts,
  digest: (...parts: readonly string[]) => string,
  clock: Clock,
): Counting {
  /** Counts an attempt by one key, or returns null if there is no count to add to. */
  async function countIfPresent(count: ThrottleCount): Promise<CountedBy | Wait | null> {
    const attempt = pending.enter(count.key)
    try {
      const outcome = await store.count(count)
      if (outcome.kind === 'counted') {
        attempt.counted()
        return { kind: 'counted', attempt, locks: outcome.locks }
      }
      attempt.end()
      return outcome.kind === 'absent' ? null : waitFor(count.key, outcome.until - count.now)
    } catch (error) {
      attempt.end()
      throw error
    }
  }

  async function countBy(count: ThrottleCount): Promise<CountedBy | Wait> {
    const outcome = await countIfPresent(count)
    if (outcome === null) throw new TypeError('The store has not made a count that it was to make.')
    return outcome
  }

  /** Counts an attempt of which nothing has to wait, in one step. Null if that cannot be done. */
  async function countAtOnce(keys: Keys, now: number, rule: ThrottleRule): Promise<Counted | null> {
    if (store.admit === undefined) return null
    const { knownKey, sourceKey, accountKey } = keys
    const [known, source, account] = [knownKey, sourceKey, accountKey].map(pending.enter) as [
      PendingAttempt,
      PendingAttempt,
      PendingAttempt,
    ]
    let attempts: readonly PendingAttempt[] = []
    try {
      const admission = { knownKey, sourceKey, accountKey, now, rule, sourceRule }
      const admitted = await store.admit(admission)
      if (admitted === null) return null
      attempts = admitted.isKnown ? [known] : [source, account]
      for (const each of attempts) each.counted()
      return { ...keys, ...admitted, kind: 'counted', attempts, sourceWait: null }
    } finally {
      for (const each of [known, source, account]) if (!attempts.includes(each)) each.end()
    }
  }

  async function takeBack(attempts: readonly PendingAttempt[]): Promise<void> {
    try {
      for (const { key } of attempts) await store.takeBack(key)
    } finally {
      for (const attempt of attempts) attempt.end()
    }
  }

  async function admitStranger(
    keys: Keys,
    now: number,
    rule: ThrottleRule,
  ): Promise<Counted | Wait> {
    const { accountKey, sourceKey } = keys
    const bySource = await countBy({ key: sourceKey, now, rule: sourceRule })
    if (bySource.kind === 'wait') return { ...bySource, isOfSource: true }
    let byAccount: CountedBy | Wait | undefined
    try {
      byAccount = await countBy({ key: accountKey, account: accountKey, now, rule })
    } finally {
      if (byAccount?.kind !== 'counted') await takeBack([bySource.attempt])
    }
    if (byAccount.kind === 'wait') return byAccount
    const attempts = [bySource.attempt, byAccount.attempt]
    return { ...keys, ...byAccount, attempts, isKnown: false, sourceWait: null }
  }

  return {
    async admit(account, source, rule) {
      const now = clock()
      const keys: Keys = {
        accountKey: digest('account', account),
        knownKey: digest('known', account, source),
        sourceKey: digest('source', source),
        waitingKey: digest('waiting', account, source),
      }
      const atOnce = await countAtOnce(keys, now, rule)
      if (atOnce !== null) return atOnce
      const { accountKey, knownKey, sourceKey, waitingKey } = keys
      const states = await store.find([knownKey, sourceKey])
      const blockedUntil = states.find(({ key }) => key === sourceKey)?.blockedUntil ?? 0
      const until = waitOf(blockedUntil, now, sourceRule)
      const sourceWait = until === null ? null : until - now
      if (states.some(({ key }) => key === knownKey)) {
        const counted =
          sourceWait === null
            ? await countIfPresent({ key: knownKey, now, rule, ifPresent: true })
            : await countBy({ key: waitingKey, account: accountKey, now, rule })
        if (counted?.kind === 'counted') {
          return { ...keys, ...counted, attempts: [counted.attempt], isKnown: true, sourceWait }
        }
        // Said as to a stranger: how often this account was tried meanwhile must not show.
        if (counted?.kind === 'wait' && sourceWait !== null) {
          return { ...counted, seconds: sourceWait, isOfSource: true }
        }
        if (counted?.kind === 'wait') return counted
      }
      if (sourceWait !== null) return { ...waitFor(sourceKey, sourceWait), isOfSource: true }
      return await admitStranger(keys, now, rule)
    },
    takeBack,
  }
}

function waitFor(key: string, seconds: number): Wait {
  return { kind: 'wait', key, seconds, isOfSource: false }
}
