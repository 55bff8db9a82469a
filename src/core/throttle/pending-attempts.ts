/**
 * The attempts of this process that are being counted or looked at, by what they are counted by. One
 * that has to wait may be waiting for those only, which are not known to have failed.
 */
export interface PendingAttempts {
  /** An attempt is about to be counted. Ends with `admitted` or `refused`. */
  enter(key: string): void
  /** It was counted and is looked at. Ends with `settled`. */
  admitted(key: string): void
  refused(key: string): void
  /** It has an outcome. */
  settled(keys: readonly string[]): void
  /**
   * Resolves to true when another attempt of the key has an outcome, so that it is worth another try;
   * to false if none is on its way, or too many wait.
   */
  outcome(key: string): Promise<boolean>
}

/** Attempts that wait for others of one key, at most. */
const maxWaiting = 256

interface Entry {
  counting: number
  looking: number
  readonly waiting: ((tryAgain: boolean) => void)[]
}

export function createPendingAttempts(): PendingAttempts {
  const entries = new Map<string, Entry>()

  function change(key: string, counting: number, looking: number): Entry {
    const entry = entries.get(key) ?? { counting: 0, looking: 0, waiting: [] }
    entry.counting += counting
    entry.looking += looking
    entries.set(key, entry)
    return entry
  }

  function wake(key: string, { counting, looking, waiting }: Entry, tryAgain: boolean): void {
    if (counting + looking === 0) entries.delete(key)
    for (const resolve of waiting.splice(0)) resolve(tryAgain)
  }

  return {
    enter: (key) => void change(key, 1, 0),
    admitted: (key) => void change(key, -1, 1),
    refused(key) {
      const entry = change(key, -1, 0)
      // All of them were refused, and nothing will change that: nobody tries again.
      if (entry.counting + entry.looking === 0) wake(key, entry, false)
    },
    settled(keys) {
      for (const key of keys) wake(key, change(key, 0, -1), true)
    },
    outcome(key) {
      const entry = entries.get(key)
      if (!entry || entry.waiting.length >= maxWaiting) return Promise.resolve(false)
      return new Promise((resolve) => entry.waiting.push(resolve))
    },
  }
}
