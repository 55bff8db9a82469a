/** Lets one at a time have something, in the order of asking. */
export interface Mutex {
  /** Resolves when it is the caller's turn, with what ends it. */
  lock(): Promise<() => void>
}

export function createMutex(): Mutex {
  let last: Promise<void> = Promise.resolve()
  return {
    async lock() {
      const before = last
      const { promise, resolve } = Promise.withResolvers<void>()
      last = promise
      await before
      return resolve
    },
  }
}
