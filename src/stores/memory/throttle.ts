import { countedAndLocked, type ThrottleStore } from '../../core/throttle/throttle-store.ts'
import type { AddEvent } from './events.ts'

interface Count {
  readonly account: string | null
  readonly failures: number
  readonly wait: number
  readonly blockedUntil: number
  readonly countedAt: number
  readonly succeededAt: number | null
}

const never = Number.MAX_SAFE_INTEGER

/** Counts of failed attempts that are gone with the process. */
export function createMemoryThrottle(addEvent: AddEvent): ThrottleStore {
  const counts = new Map<string, Count>()

  return {
    async count({ key, now, rule, account = null, ifPresent = false }) {
      const known = counts.get(key)
      if (known === undefined && ifPresent) return null
      const count = known ?? empty(account, now)
      const { blockedUntil } = count
      // A wait longer than the longest was made before the clock was set back.
      const isStale = blockedUntil > now + rule.longestWait && blockedUntil < never
      if (blockedUntil > now && !isStale) return blockedUntil
      const failures = count.countedAt < now - rule.forgottenAfter ? 1 : count.failures + 1
      const doubled = count.wait === 0 ? rule.firstWait : count.wait * 2
      const wait = failures <= rule.free ? 0 : Math.min(doubled, rule.longestWait)
      const until = failures >= rule.lockedFrom ? never : wait === 0 ? 0 : now + wait
      counts.set(key, { ...count, failures, wait, blockedUntil: until, countedAt: now })
      return until === never ? countedAndLocked : 0
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
    async succeed({ account, knownKey, now }) {
      counts.delete(account)
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
        const isOld = countedAt < countedBefore && blockedUntil < never
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
