import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { Claimed, MailNotSentError } from './delivery.ts'
import type { OutboxStore } from './outbox-store.ts'

/** Claims mails that are due, and sends a few at once. */
export interface SendingOptions {
  readonly store: OutboxStore
  readonly clock: Clock
  readonly deliver: (claimed: Claimed, stop: AbortSignal) => Promise<MailNotSentError | null>
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

/** @param tell Hears of each mail that was not sent, and of a store that does not answer. */
export function createSending(
  { store, clock, deliver, concurrency, lease, breath = 0 }: SendingOptions,
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

  async function send(claimed: Claimed, stop: AbortSignal): Promise<void> {
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
      // No more than begin at once: a lease is not to run out while a mail waits for its turn.
      const mails = await store.claim(now, now + lease, room)
      for (const mail of mails) {
        const sent = send({ mail, leaseEndsAt }, stop).finally(() => underWay.delete(sent))
        underWay.add(sent)
      }
      return mails.length === room
    },
    oneEnded: () => (underWay.size === 0 ? Promise.resolve() : Promise.race(underWay)),
    async allEnded() {
      while (underWay.size > 0) await Promise.race(underWay)
    },
  }
}
