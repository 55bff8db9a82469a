import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../clock.ts'

/** What was claimed, and until when nobody else sends it. */
export interface Claimed<Item> {
  readonly item: Item
  /** By the monotonic clock, in milliseconds. */
  readonly leaseEndsAt: number
}

/** Claims what is due, and sends a few at once. */
export interface SendingOptions<Item> {
  /** Claims what is due, `limit` at most, which nobody else gets before `until`. */
  readonly claim: (now: number, until: number, limit: number) => Promise<readonly Item[]>
  readonly clock: Clock
  /** Answers with the reason if it was not sent; rejects if the store does not answer. */
  readonly deliver: (claimed: Claimed<Item>, stop: AbortSignal) => Promise<Error | null>
  /** How many are sent at once. */
  readonly concurrency: number
  /** Seconds for which nobody else claims what was claimed. */
  readonly lease: number
  /** Milliseconds from the beginning of one mail to that of the next, at least. Default 0. */
  readonly breath?: number
}

export interface Sending {
  /** Begins to send what is due, as far as there is room. True if more may be due. */
  begin(stop: AbortSignal): Promise<boolean>
  /** Resolves when one of those under way has ended; at once if none is. */
  oneEnded(): Promise<void>
  /** Resolves when none is under way. */
  allEnded(): Promise<void>
}

/** @param tell Hears of each that was not sent, and of a store that does not answer. */
export function createSending<Item>(
  { claim, clock, deliver, concurrency, lease, breath = 0 }: SendingOptions<Item>,
  tell: (error: unknown) => void,
): Sending {
  const underWay = new Set<Promise<void>>()
  /** By the monotonic clock, in milliseconds. */
  let nextAt = 0

  /** Resolves when it is time for one more to begin, or when nothing more is to. */
  async function turn(signal: AbortSignal): Promise<void> {
    const early = nextAt - performance.now()
    nextAt = Math.max(nextAt, performance.now()) + breath
    // It is told to stop by what sends it.
    if (early > 0) await setTimeout(early, undefined, { signal }).catch(() => {})
  }

  async function send(claimed: Claimed<Item>, stop: AbortSignal): Promise<void> {
    try {
      await turn(stop)
      const error = await deliver(claimed, stop)
      if (error !== null) tell(error)
    } catch (error) {
      tell(error)
    }
  }

  return {
    async begin(stop) {
      const room = concurrency - underWay.size
      if (room === 0) return true
      const leaseEndsAt = performance.now() + 1000 * lease
      const now = clock()
      // No more than begin at once: a lease is not to run out while one waits for its turn.
      const items = await claim(now, now + lease, room)
      for (const item of items) {
        const sent = send({ item, leaseEndsAt }, stop).finally(() => underWay.delete(sent))
        underWay.add(sent)
      }
      return items.length === room
    },
    oneEnded: () => (underWay.size === 0 ? Promise.resolve() : Promise.race(underWay)),
    async allEnded() {
      while (underWay.size > 0) await Promise.race(underWay)
    },
  }
}

/**
 * Sends all that is due now; resolves when none is under way.
 *
 * @param isMinor True for an error that is none here: one that was not sent.
 * @throws what the store throws, when it cannot answer.
 */
export async function sendAllDue<Item>(
  options: SendingOptions<Item>,
  isMinor: (error: unknown) => boolean,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const errors: unknown[] = []
  const under = createSending(options, (error) => errors.push(error))
  try {
    while (!signal.aborted && (await under.begin(signal))) await under.oneEnded()
  } finally {
    await under.allEnded()
  }
  const error = errors.find((each) => !isMinor(each))
  if (error !== undefined) throw error
}
