import { setTimeout } from 'node:timers/promises'
import type { ProcessMetrics } from '../../server/metrics.ts'
import type { Config } from '../../server/settings/settings.ts'
import type { SetupGrant } from '../../server/setup.ts'
import type { WorkerFailure } from '../exit-code.ts'
import { isLasting } from '../exit-code.ts'
import { createBackOff } from './back-off.ts'
import type { Listening } from './messages.ts'
import { startWorker, type WorkerProcess } from './process.ts'

export interface WorkerPoolOptions {
  readonly size: number
  readonly setup: SetupGrant
  /** Takes a line about a worker that ended unasked. */
  report(line: string): void
  /** Called if a worker that ended cannot be replaced by any number of attempts. */
  giveUp(failure: WorkerFailure): void
}

/** Workers that serve the same port; one that ends unasked is replaced. */
export interface WorkerPool {
  readonly pids: readonly (number | undefined)[]
  /**
   * Starts all. Undefined if they were stopped meanwhile.
   *
   * @throws {WorkerFailure} of the first that does not start, after all the others have ended.
   */
  start(config: Config): Promise<Listening | undefined>
  /**
   * Replaces all, one by one: the new one listens before the old one is told to stop. Undefined if
   * they were stopped meanwhile.
   *
   * @throws {WorkerFailure} if a new one does not start. The others are left as they are, and one
   * that has to be replaced later gets the configuration from before.
   */
  restart(config: Config): Promise<Listening | undefined>
  /** What each of them measures. */
  measure(): Promise<readonly ProcessMetrics[]>
  /** Lets all finish their requests. False if one was cut off. */
  stop(): Promise<boolean>
}

interface Place {
  readonly number: number
  backOff: (lived: number) => number
  worker: WorkerProcess
  /** Settles when an attempt to replace a worker that runs is over. */
  change: Promise<void> | undefined
}

export function createWorkerPool({ size, setup, report, giveUp }: WorkerPoolOptions): WorkerPool {
  const places: Place[] = []
  const running = new Set<WorkerProcess>()
  const stopped = new AbortController()
  let config: Config

  function startAt(place: number): WorkerProcess {
    const worker = startWorker({ config, setup, prune: place === 0, worker: place })
    running.add(worker)
    worker.ended.then(() => running.delete(worker))
    return worker
  }

  async function isVacant(place: Place, last: WorkerProcess): Promise<boolean> {
    await place.change
    return !stopped.signal.aborted && place.worker === last
  }

  /** Waits for the end of a worker, and replaces it if the end was not requested. */
  async function keep(place: Place, worker: WorkerProcess): Promise<void> {
    const { how, failure, lived } = await worker.ended
    if (!(await isVacant(place, worker))) return
    if (failure !== undefined && isLasting(failure.exitCode)) {
      giveUp(failure)
      return
    }
    const delay = place.backOff(lived)
    if (delay > 0) {
      report(`Worker ${worker.pid} ${how}; another one starts in ${delay / 1000} s.`)
      await setTimeout(delay, undefined, stopped).catch(() => {})
      if (!(await isVacant(place, worker))) return
    }
    place.worker = startAt(place.number)
    if (delay === 0) report(`Worker ${worker.pid} ${how}; ${place.worker.pid} takes its place.`)
    keep(place, place.worker)
  }

  async function stop(): Promise<boolean> {
    stopped.abort()
    const endings = [...running].map(async (worker) => {
      const { clean, how, failure } = await worker.stop()
      if (!clean && failure === undefined) report(`Worker ${worker.pid} ${how}.`)
      return clean
    })
    return (await Promise.all(endings)).every((clean) => clean)
  }

  return {
    get pids() {
      return places.map(({ worker }) => worker.pid)
    },
    measure: () => Promise.all(places.map(({ worker }) => worker.measure())),
    async start(initial) {
      config = initial
      for (let number = 0; number < size; number++) {
        const worker = startAt(number)
        places.push({ number, backOff: createBackOff(), worker, change: undefined })
      }
      try {
        const [first] = await Promise.all(places.map(({ worker }) => worker.listening))
        for (const place of places) keep(place, place.worker)
        return first
      } catch (error) {
        if (stopped.signal.aborted) return undefined
        await stop()
        throw error
      }
    },
    async restart(next) {
      const previous = config
      config = next
      let last: Listening | undefined
      for (const place of places) {
        if (stopped.signal.aborted) return undefined
        const old = place.worker
        const fresh = startAt(place.number)
        place.change = fresh.listening.then(
          () => {
            place.worker = fresh
            place.backOff = createBackOff()
          },
          () => {
            config = previous
          },
        )
        try {
          last = await fresh.listening
        } catch (error) {
          if (stopped.signal.aborted) return undefined
          throw error
        }
        keep(place, fresh)
        await old.stop({ patient: true })
      }
      return last
    },
    stop,
  }
}
