import { LRUCache } from 'lru-cache'
import type { Clock } from '../clock.ts'
import { sourceOf } from '../throttle/source.ts'
import type { Throttle } from '../throttle/throttle.ts'

/** Who is claimed to show a secret, and from where. */
export interface ClientAttempt {
  readonly clientId: string
  readonly address?: string | undefined
}

/** Lets the secrets of clients be looked at, as often as the throttle admits (RFC 6749 §2.3.1). */
export interface ClientAttempts {
  /**
   * Returns what `check` returns of the secret: null if it is wrong, which is counted, for ids that
   * exist and ids that do not.
   *
   * A client that keeps showing the right secret from one source costs no write: its looks are free
   * until the first wrong one there, and for an hour at most, so that the throttle goes on knowing it.
   *
   * @throws {ThrottledError} if too many secrets of the client, or from the source, were wrong.
   */
  attempt<T>(attempt: ClientAttempt, check: () => T | null): Promise<T | null>
  /** Ends the waits of a client. */
  unlock(clientId: string): Promise<void>
}

/** Sources of clients whose looks are free. */
const maxFree = 10_000
/** Seconds. The throttle knows a source for far longer. */
const freeFor = 60 * 60

export function createClientAttempts(throttle: Throttle, clock: Clock): ClientAttempts {
  const freeUntil = new LRUCache<string, number>({ max: maxFree })
  // No username has a space in it.
  const accountOf = (clientId: string): string => `client ${clientId}`

  return {
    async attempt({ clientId, address }, check) {
      const key = JSON.stringify([clientId, sourceOf(address)])
      if (clock() < (freeUntil.get(key) ?? 0)) {
        const answer = check()
        if (answer !== null) return answer
      }
      // Before the throttle is asked: of many guesses at once none but the first is free.
      freeUntil.delete(key)
      const account = accountOf(clientId)
      const answer = await throttle.attempt({ account, address, locks: false }, async () => check())
      if (answer !== null) freeUntil.set(key, clock() + freeFor)
      return answer
    },
    unlock: (clientId) => throttle.unlock(accountOf(clientId)),
  }
}
