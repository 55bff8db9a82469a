/** Wakes one who waits. */
export interface Bell {
  /** Ends the wait, or the next one if nobody waits now. */
  ring(): void
  /** Rings after so many milliseconds. Keeps no process alive. */
  ringLater(milliseconds: number): void
  /** Resolves at a ring, after so many seconds, or with the signal. Keeps no process alive. */
  wait(seconds: number, signal: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  let rung = false
  let wake = (): void => {}
  function ring(): void {
    rung = true
    wake()
  }
  return {
    ring,
    ringLater(milliseconds) {
      setTimeout(ring, milliseconds).unref()
    },
    async wait(seconds, signal) {
      if (!rung && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        const timer = setTimeout(resolve, 1000 * seconds).unref()
        signal.addEventListener('abort', wake)
        await promise
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
      }
      rung = false
    },
  }
}
