import { setTimeout } from 'node:timers/promises'
import type { Bell } from './bell.ts'
import type { Sending } from './sending.ts'

export interface LoopOptions {
  readonly sending: (tell: (error: unknown) => void) => Sending
  /** Loads what the first one would wait for. Default: nothing. */
  readonly open?: () => Promise<void>
  /** Rung when a mail was stored. */
  readonly bell: Bell
  /** Seconds after which it looks for mails of other processes, and for those that are to be tried again. */
  readonly interval: number
  /** Seconds that what is under way gets when the loop is told to end. */
  readonly grace: number
  /** True for an error of which one in a minute is told: a receiver that is gone would fill the log. */
  readonly isMinor: (error: unknown) => boolean
}

/** Seconds after a store that did not answer, doubled each time, and at most. */
const firstPause = 5
const longestPause = 60
/** Seconds in which one minor error is told of. */
const quietFor = 60

/** Sends what is due, again and again, until the signal aborts and no mail is under way. */
export async function runOutbox(
  { sending, open, bell, interval, grace, isMinor }: LoopOptions,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  const tell = inMeasure(isMinor, onError)
  const under = sending(tell)
  const stop = new AbortController()
  let pause = 0
  // What cannot be opened is told of when a mail needs it.
  await open?.().catch(() => {})
  while (!signal.aborted) {
    try {
      const more = await under.begin(stop.signal)
      pause = 0
      // The next ones begin when there is room for them.
      if (more) void under.oneEnded().then(bell.ring)
      await bell.wait(interval, signal)
    } catch (error) {
      if (signal.aborted) break
      onError(error)
      pause = Math.min(longestPause, pause === 0 ? firstPause : 2 * pause)
      await setTimeout(1000 * pause, undefined, { signal, ref: false }).catch(() => {})
    }
  }
  const cutOff = globalThis.setTimeout(() => stop.abort(), 1000 * grace)
  await under.allEnded()
  clearTimeout(cutOff)
}

/** Passes everything on, but of minor errors only one now and then. */
function inMeasure(
  isMinor: (error: unknown) => boolean,
  onError: (error: unknown) => void,
): (error: unknown) => void {
  let quietUntil = 0
  return (error) => {
    if (isMinor(error)) {
      if (performance.now() < quietUntil) return
      quietUntil = performance.now() + 1000 * quietFor
    }
    onError(error)
  }
}
