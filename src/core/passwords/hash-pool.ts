import { availableParallelism } from 'node:os'
import { ConfigError, OverloadedError } from '../errors.ts'
import { number, readOptions, required, type ShapesOf } from '../options.ts'

/**
 * Runs password hashes off the event loop: a few at once, the rest in a bounded queue. A login storm
 * delays logins, never guarded requests, and its memory is bounded.
 */
export interface HashPool {
  /**
   * Runs the job when its turn comes. The place is freed when the job itself ends, even if its caller
   * has given up before.
   *
   * The waiting sources take turns, and one source may fill a quarter of the queue: a source that sends
   * many jobs delays mostly its own. Jobs without a source are the application's own.
   *
   * @throws {UnavailableError} if the queue is full or so long that the turn would come too late, or if
   * the job has waited longer than `maxWait`.
   */
  run<T>(job: () => Promise<T>, source?: string): Promise<T>
  /** @throws {UnavailableError} if a job from this source would be refused now. */
  checkCapacity(source?: string): void
  /** Jobs running and jobs waiting now. */
  readonly load: { readonly running: number; readonly waiting: number }
  /**
   * Figures since the pool was made. `peak`: the most jobs that ran at the same time. `refused`: jobs
   * that were refused, because the queue was full or their turn came, or would come, too late.
   */
  readonly history: { readonly peak: number; readonly refused: number }
  /** Calls the listener after every job. Returns the function that ends the subscription. */
  subscribe(listener: (job: FinishedJob) => void): () => void
}

/** A job that has run, and its seconds. */
export interface FinishedJob {
  /** Seconds that the job waited for its turn. */
  readonly waited: number
  /** Seconds that the job ran. */
  readonly ran: number
}

/** How many hashes run and wait. */
export interface HashPoolOptions {
  /**
   * Jobs at once. Choose one for each core, and fewer than the threads of Node.js, which signatures and
   * files need too: it has 4, or as many as `UV_THREADPOOL_SIZE` says.
   */
  readonly concurrency: number
  /** Jobs that may wait. Default 256 for each that may run. */
  readonly maxWaiting?: number
  /** Seconds a job may wait before it is refused. Default 2. */
  readonly maxWait?: number
}

/** What hashes share. */
export interface HashResources {
  /** What `UV_THREADPOOL_SIZE` was when the process started. Default 4, as Node.js's. */
  readonly threads?: number
  /** Processes on this machine that hash. Default 1. */
  readonly processes?: number
}

/**
 * Returns how many hashes a process should run at once: one for each core that is its share, but fewer
 * than Node.js has threads for such work, so that signatures and files need not wait for a hash.
 */
export function hashConcurrency({ threads = 4, processes = 1 }: HashResources = {}): number {
  return Math.max(1, Math.min(Math.floor(availableParallelism() / processes), threads - 1))
}

const shapes: ShapesOf<HashPoolOptions> = {
  concurrency: required(number, 'createHashPool needs a concurrency, such as { concurrency: 2 }.'),
  maxWaiting: number,
  maxWait: number,
}

function checkHashPoolOptions(given: HashPoolOptions): HashPoolOptions {
  const owner = { name: 'createHashPool', example: '{ concurrency: 2 }' }
  const { options, problems } = readOptions(given, shapes, owner)
  const { concurrency = 1, maxWaiting = 0, maxWait = 1 } = options
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    problems.push('The concurrency of a hash pool must be a whole number of at least 1.')
  }
  if (!Number.isSafeInteger(maxWaiting) || maxWaiting < 0) {
    problems.push('The option maxWaiting of a hash pool must be a whole number of at least 0.')
  }
  if (!(maxWait > 0)) problems.push('The option maxWait of a hash pool must be above 0.')
  if (problems.length > 0) throw new ConfigError(problems)
  return options
}

/** How much the duration of one job counts for what the next is expected to take. */
const newest = 0.1

/**
 * Makes a pool for the option `passwordHash.pool` of `createAuth`: to choose its size, or to share one.
 *
 * @param now The time in milliseconds. Default: that of this machine, which no clock step changes.
 * @throws {ConfigError} with every option that cannot be used.
 */
export function createHashPool(
  given: HashPoolOptions,
  now: () => number = () => performance.now(),
): HashPool {
  const options = checkHashPoolOptions(given)
  const { concurrency, maxWaiting = 256 * concurrency, maxWait = 2 } = options
  const maxWaitingPerSource = Math.ceil(maxWaiting / 4)
  /** The waiting jobs, by source. The source whose turn is next comes first. */
  const waiting = new Map<string, Set<() => void>>()
  const listeners = new Set<(job: FinishedJob) => void>()
  let waitingInAll = 0
  /** Seconds that a job is expected to take, by those before it: 0 before the first. */
  let expected = 0
  let running = 0
  let peak = 0
  let refused = 0

  function overloaded(): OverloadedError {
    refused++
    return new OverloadedError('Too many logins at once, try again in a few seconds', maxWait)
  }

  function checkCapacity(source = ''): void {
    if (running < concurrency) return
    const most = source === '' ? maxWaiting : maxWaitingPerSource
    const fromSource = waiting.get(source)?.size ?? 0
    // Sources take turns. Before this job, each source runs at most one job more than wait of this one.
    const before = Math.min(waitingInAll, (fromSource + 1) * waiting.size)
    // A job whose turn would come too late is refused at once. It takes up no memory and no connection.
    const isTooLate = ((before + 1) * expected) / concurrency > maxWait
    if (waitingInAll >= maxWaiting || fromSource >= most || isTooLate) throw overloaded()
  }

  async function admit(source: string): Promise<void> {
    checkCapacity(source)
    if (running < concurrency) {
      running++
      peak = Math.max(peak, running)
      return
    }
    await new Promise<void>((resolve, reject) => {
      const start = (): void => {
        clearTimeout(refusal)
        resolve()
      }
      // Refused when the time is up: the job need not wait for its turn to be refused.
      const refusal = setTimeout(() => {
        withdraw(source, start)
        reject(overloaded())
      }, maxWait * 1000)
      enqueue(source, start)
    })
  }

  function enqueue(source: string, job: () => void): void {
    const queue = waiting.get(source)
    if (queue) queue.add(job)
    else waiting.set(source, new Set([job]))
    waitingInAll++
  }

  function withdraw(source: string, job: () => void): void {
    const queue = waiting.get(source)
    queue?.delete(job)
    if (queue?.size === 0) waiting.delete(source)
    waitingInAll--
  }

  function dequeue(): (() => void) | undefined {
    for (const [source, queue] of waiting) {
      const [next] = queue
      if (next === undefined) continue
      withdraw(source, next)
      // To the end of the round.
      if (waiting.delete(source)) waiting.set(source, queue)
      return next
    }
    return undefined
  }

  function release(): void {
    const next = dequeue()
    // A waiting job takes over the place of the one that ended, so `running` stays as it is.
    if (next) next()
    else running--
  }

  return {
    async run(job, source = '') {
      const askedAt = now()
      await admit(source)
      const startedAt = now()
      try {
        return await job()
      } finally {
        const waited = (startedAt - askedAt) / 1000
        const ran = (now() - startedAt) / 1000
        // One that stood still, with the whole machine, says little of the next.
        const usual = Math.min(ran, maxWait)
        expected = expected === 0 ? usual : expected + newest * (usual - expected)
        release()
        for (const listener of listeners) listener({ waited, ran })
      }
    },
    checkCapacity,
    get load() {
      return { running, waiting: waitingInAll }
    },
    get history() {
      return { peak, refused }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
