import type { Clock } from '../core/clock.ts'

/** A clock that stands still until it is moved. */
export interface TestClock extends Clock {
  /** Moves it by this many seconds. */
  advance(seconds: number): void
}

/** Returns a clock that shows this instant, in seconds since 1970. */
export function createTestClock(startsAt = 1_800_000_000): TestClock {
  let now = startsAt
  return Object.assign(() => now, {
    advance(seconds: number) {
      now += seconds
    },
  })
}
