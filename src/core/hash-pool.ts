import { UnavailableError } from './errors.ts'

/**
 * Runs password hashes off the event loop, a few at once, the rest in a bounded queue. A login storm
 * then costs late logins, never guarded requests or memory without bound.
 */
export interface HashPool {
  /**
   * Runs the job when its turn comes. The place is freed when the job itself ends, not when whoever
   * asked for it has gone away.
   *
   * @throws {UnavailableError} if the queue is full, or the job waited longer than `maxWait`.
   */
  run<T>(job: () => Promise<T>): Promise<T>
  /** Jobs running and jobs waiting now. */
  readonly load: { readonly running: number; readonly waiting: number }
}

export interface HashPoolOptions {
  /** Jobs at once. One per core is best. */
  readonly concurrency: number
  /** Jobs that may wait. Default 256 for each that may run. */
  readonly maxWaiting?: number
  /** Seconds a job may wait before it is refused. Default 2. */
  readonly maxWait?: number
}

export function createHashPool(options: HashPoolOptions): HashPool {
  const { concurrency, maxWaiting = 256 * concurrency, maxWait = 2 } = options
  const waiting: (() => void)[] = []
  let running = 0

  function overloaded(): UnavailableError {
    return new UnavailableError('Too many logins at once, try again in a few seconds', maxWait)
  }

  async function admit(): Promise<void> {
    if (running < concurrency) {
      running++
      return
    }
    if (waiting.length >= maxWaiting) throw overloaded()
    // Monotonic: a clock that is set back must not let a job wait for an hour.
    const queuedAt = performance.now()
    await new Promise<void>((resolve) => waiting.push(resolve))
    if (performance.now() - queuedAt > maxWait * 1000) {
      release()
      throw overloaded()
    }
  }

  function release(): void {
    const next = waiting.shift()
    // A waiting job takes over the place of the one that ended, so `running` stays as it is.
    if (next) next()
    else running--
  }

  return {
    async run(job) {
      await admit()
      try {
        return await job()
      } finally {
        release()
      }
    },
    get load() {
      return { running, waiting: waiting.length }
    },
  }
}
