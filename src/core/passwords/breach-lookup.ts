import { createHash } from 'node:crypto'
import type { MaybePromise } from '../maybe-promise.ts'

/**
 * True if a password is in a list of stolen ones. After the abort nobody waits for the answer.
 *
 * @throws {BreachLookupError} if that cannot be told.
 */
export type BreachLookup = (password: string, signal: AbortSignal) => MaybePromise<boolean>

/** Why a password could not be looked up, in a sentence without the password or a part of its hash. */
export class BreachLookupError extends Error {
  override readonly name = 'BreachLookupError'
}

/** The SHA-1 of a password as 40 hexadecimal digits in upper case: the lists are sorted by it. */
export function sha1Of(password: string): string {
  return createHash('sha1').update(password).digest('hex').toUpperCase()
}

/** Look-ups that wait for their turn, at most. */
const mostWaiting = 100

/**
 * Returns a function that runs one look-up at a time. A look-up whose signal is aborted before its turn
 * does not run.
 *
 * The promise is rejected with a `BreachLookupError` if 100 wait already.
 */
export function createTurns(): <T>(job: () => Promise<T>, signal: AbortSignal) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  return async (job, signal) => {
    if (waiting > mostWaiting)
      throw new BreachLookupError('Too many passwords wait to be looked up.')
    waiting++
    const turn = last.then(async () => {
      signal.throwIfAborted()
      return await job()
    })
    last = turn.catch(() => undefined).finally(() => waiting--)
    return await turn
  }
}
