import { noEnd, type ThrottleStore, waitOf } from '../../core/throttle/throttle-store.ts'
import type { AddEvent } from './events.ts'

interface Count {
  readonly account: string | null
  readonly failures: number
  readonly wait: number
  readonly blockedUntil: number
  readonly countedAt: number
  readonly succeededAt: number | null
}

/** Counts of failed attempts that are gone with the process. */
export function createMemoryThrottle(addEvent: AddEvent): ThrottleStore {
  const counts = new Map<string, Count>()

  return {
    async count({ key, now, rule, account = null, ifPresent = false }) {
      const known = counts.get(key)
      if (known === undefined && ifPresent) return { kind: 'absent' }
      const count = known ?? empty(account, now)
      const until = waitOf(count.blockedUntil, now, rule)
      if (until !== null) return { kind: 'wait', until }
      const failures = count.countedAt < now - rule.forgottenAfter ? 1 : count.failures + 1
      const doubled = count.wait === 0 ? rule.firstWait : count.wait * 2
      const wait = failures <= rule.free ? 0 : Math.min(doubled, rule.longestWait)
      const locks = failures >= rule.lockedFrom
      const blockedUntil = locks ? noEnd : wait === 0 ? 0 : now + wait
      counts.set(key, { ...count, failures, wait, blockedUntil, countedAt: now })
      return { kind: 'counted', locks }
    },
    async find(keys) {
      return [...new Set(keys)].flatMap((key) => {
        const count = counts.get(key)
        return count === undefined ? [] : [{ key, blockedUntil: count.blockedUntil }]
      })
    },
    async takeBack(key) {
      const count = counts.get(key)
      if (count === undefined || count.failures === 0) return
      if (count.failures === 1 && count.succeededAt === null) {
        counts.delete(key)
        return
      }
      const wait = Math.floor(count.wait / 2)
      counts.set(key, { ...count, failures: count.failures - 1, wait, blockedUntil: 0 })
    },
    async succeed({ account, knownKey, now, ends }) {
      for (const key of ends) counts.delete(key)
      counts.set(knownKey, { ...empty(account, now), succeededAt: now })
    },
    async unlock(account, event) {
      addEvent(event)
      for (const [key, count] of counts) {
        if (count.account !== account) continue
        counts.set(key, { ...count, failures: 0, wait: 0, blockedUntil: 0 })
      }
    },
    async prune(countedBefore, succeededBefore, most) {
      const before = counts.size
      for (const [key, { countedAt, blockedUntil, succeededAt }] of counts) {
        const isOld = countedAt < countedBefore && blockedUntil < noEnd
        if (isOld && (succeededAt === null || succeededAt < succeededBefore)) counts.delete(key)
      }
      const strangers = [...counts].filter(([, { succeededAt }]) => succeededAt === null)
      strangers.sort(([, a], [, b]) => a.failures - b.failures || a.countedAt - b.countedAt)
      const excess = Math.max(0, strangers.length - most)
      for (const [key] of strangers.slice(0, excess)) counts.delete(key)
      return before - counts.size
    },
  }
}

function empty(account: string | null, now: number): Count {
  return { account, failures: 0, wait: 0, blockedUntil: 0, countedAt: now, succeededAt: null }
}
