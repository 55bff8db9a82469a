/**
 * The attempts of this process that are being counted or checked, by the key that counts them. An
 * attempt that must wait may be waiting only for these, and they have not failed yet.
 */
export interface PendingAttempts {
  /** An attempt is about to be counted by a key. */
  enter(key: string): PendingAttempt
  /**
   * Resolves to a new try when another attempt of the key has an outcome, so that it may succeed. The try
   * is pending, like the others of the key, until it ends.
   *
   * Resolves to null if no attempt is pending, if too many wait, or after so many milliseconds.
   */
  outcome(key: string, milliseconds: number): Promise<PendingAttempt | null>
}

/** One attempt at one key. */
export interface PendingAttempt {
  readonly key: string
  /** It was counted and is looked at. */
  counted(): void
  /** It was refused, or has an outcome. A second call does nothing. */
  end(): void
}

/** Attempts that wait for others of one key, at most. */
const maxWaiting = 256
/** New tries that one outcome brings: the others have theirs with the outcomes of these. */
const triesPerOutcome = 8

interface Entry {
  pending: number
  /** The one that has waited longest comes first. */
  readonly waiting: Set<(retry: PendingAttempt | null) => void>
}

export function createPendingAttempts(): PendingAttempts {
  const entries = new Map<string, Entry>()

  function enter(key: string): PendingAttempt {
    const entry = entries.get(key) ?? { pending: 0, waiting: new Set() }
    entries.set(key, entry)
    entry.pending++
    let state: 'counting' | 'looking' | 'ended' = 'counting'
    return {
      key,
      counted() {
        if (state === 'counting') state = 'looking'
      },
      end() {
        if (state === 'ended') return
        const hasOutcome = state === 'looking'
        state = 'ended'
        if (hasOutcome) for (const wake of take(entry, triesPerOutcome)) wake(enter(key))
        entry.pending--
        if (entry.pending > 0) return
        entries.delete(key)
        // All of them were refused, and nothing will change that, so no attempt is repeated.
        for (const wake of take(entry, maxWaiting)) wake(null)
      },
    }
  }

  return {
    enter,
    async outcome(key, milliseconds) {
      const entry = entries.get(key)
      if (!entry || entry.waiting.size >= maxWaiting || milliseconds <= 0) return null
      const { promise, resolve } = Promise.withResolvers<PendingAttempt | null>()
      const timer = setTimeout(() => {
        // An attempt that was woken meanwhile is no longer in the set.
        if (entry.waiting.delete(resolve)) resolve(null)
      }, milliseconds)
      entry.waiting.add(resolve)
      try {
        return await promise
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** Takes some out of those that wait. */
function take(
  { waiting }: Entry,
  most: number,
): readonly ((retry: PendingAttempt | null) => void)[] {
  const taken = [...waiting].slice(0, most)
  for (const each of taken) waiting.delete(each)
  return taken
}
