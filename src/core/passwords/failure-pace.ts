import { setTimeout as sleep } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'

/** Kinds of work that are remembered. */
const maxWorks = 64
/** Durations that are remembered of each. */
const maxDurations = 32
/** A failure is answered after the slowest duration times this: hardly any hash takes longer. */
const margin = 1.2
/** Milliseconds after which a failure is answered at the latest. No accepted hash takes longer. */
const longest = 3000
/** A refusal is answered after the time of a failure times this, which covers the rest of a failure. */
const refusalMargin = 1.5

/**
 * Makes every failed verification take as long as the slowest known kind of hash, so that its duration
 * does not tell the kind. While only one kind is known, no failure is delayed.
 *
 * Durations are in milliseconds; hashes of the same work take about the same.
 */
export interface FailurePace {
  /** Remembers how long a verification took. */
  learn(work: string, duration: number): void
  /** True if the duration of this work is known. */
  knows(work: string): boolean
  /** Forgets all other work. */
  retain(isPresent: (work: string) => boolean): void
  /** Resolves when a failure whose work took so long is to be answered. The wait uses no core. */
  settle(duration: number): Promise<void>
  /**
   * Resolves when a refusal is to be answered that has taken so long, whether or not a hash was a part of
   * it: later than any failure, also while one kind is known. No core is used for it.
   */
  settleRefusal(duration: number): Promise<void>
}

/** @param wait Resolves after some milliseconds. */
export function createFailurePace(
  wait: (milliseconds: number) => Promise<unknown> = sleep,
): FailurePace {
  const works = new LRUCache<string, number[]>({ max: maxWorks })

  async function waitFrom(duration: number, times: number): Promise<void> {
    const slowest = Math.max(0, ...[...works.values()].flat())
    const remaining = times * Math.min(margin * slowest, longest) - duration
    if (remaining > 0) await wait(remaining)
  }

  return {
    learn(work, duration) {
      const durations = works.get(work) ?? []
      durations.push(duration)
      if (durations.length > maxDurations) durations.shift()
      works.set(work, durations)
    },
    knows: (work) => works.has(work),
    retain(isPresent) {
      for (const work of [...works.keys()]) if (!isPresent(work)) works.delete(work)
    },
    async settle(duration) {
      if (works.size >= 2) await waitFrom(duration, 1)
    },
    settleRefusal: (duration) => waitFrom(duration, refusalMargin),
  }
}
