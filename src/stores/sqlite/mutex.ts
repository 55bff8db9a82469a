import { UnavailableError } from '../../core/errors.ts'
import { within } from '../time-limit.ts'

/** Lets one at a time have something, in the order of asking. */
export interface Mutex {
  /**
   * Resolves when it is the caller's turn, with what ends it.
   *
   * @throws {UnavailableError} if the turn does not come in time.
   */
  lock(): Promise<() => void>
}

/** Milliseconds. Each turn waits for at most 2 seconds for another process. */
const longestWait = 5000

export function createMutex(): Mutex {
  let last: Promise<void> = Promise.resolve()
  let holders = 0
  return {
    async lock() {
      const before = last
      const { promise, resolve } = Promise.withResolvers<void>()
      last = promise
      holders++
      const unlock = (): void => {
        holders--
        resolve()
      }
      if (holders === 1) return unlock
      try {
        await within(longestWait, before)
      } catch (cause) {
        // The turn comes still, and is passed on.
        void before.then(unlock)
        throw new UnavailableError('The database is busy', 2, { cause })
      }
      return unlock
    },
  }
}
