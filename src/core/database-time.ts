import { AsyncLocalStorage } from 'node:async_hooks'

/** How long one request has waited for the database, over all its statements. */
export interface DatabaseTime {
  /** Milliseconds so far. What is waited for at the same time counts once. */
  readonly spent: number
  /** A wait begins. Returns what ends it. */
  begin(): () => void
  /** Nothing is left of it, however short the waits were: from now on `spent` is more than any limit. */
  exhaust(): void
}

/** @param now Milliseconds since some instant, by a clock that is never set back. */
export function createDatabaseTime(now: () => number = () => performance.now()): DatabaseTime {
  let waits = 0
  let since = 0
  let ended = 0
  const spent = (): number => ended + (waits > 0 ? now() - since : 0)
  return {
    get spent() {
      return spent()
    },
    begin() {
      if (waits++ === 0) since = now()
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        const soFar = spent()
        if (--waits === 0) ended = soFar
      }
    },
    exhaust() {
      ended = Number.POSITIVE_INFINITY
    },
  }
}

const ofRequest = new AsyncLocalStorage<DatabaseTime>()
const byRequest = new WeakMap<object, DatabaseTime>()

/**
 * Does a part of the work of a request. All statements of all its parts share one limit, where the store
 * has one. The time of a guard that is the only part need not be kept: it has one statement.
 */
export function inRequest<T>(request: object, work: () => T): T {
  let time = byRequest.get(request)
  if (time === undefined) {
    time = createDatabaseTime()
    byRequest.set(request, time)
  }
  return ofRequest.run(time, work)
}

/** The time of the request that is being worked on, if there is one. */
export function timeOfRequest(): DatabaseTime | undefined {
  return ofRequest.getStore()
}
