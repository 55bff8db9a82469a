import cluster from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessMetrics } from '../../server/metrics.ts'
import { WorkerFailure } from '../exit-code.ts'
import { gracePeriod } from '../grace-period.ts'
import type { Assignment, FromWorker, Listening, ToWorker } from './messages.ts'

/** Milliseconds that a worker may be late with ending itself. */
const patience = 2_000
/** Milliseconds that an answer about metrics is waited for: one that does not serve yet has none. */
const metricsPatience = 2_000

/** A worker, as the primary process sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined
  /** Rejects with a `WorkerFailure` if it ends before it listens. */
  readonly listening: Promise<Listening>
  /** Never rejects. */
  readonly ended: Promise<Ending>
  /** What it measures, or nothing if it does not say so in time. */
  measure(): Promise<ProcessMetrics>
  /**
   * Lets it finish its requests; kills it if it does not end. Patient: also those that are on their
   * way to it. Safe to call again, less patient.
   */
  stop(options?: { readonly patient: boolean }): Promise<Ending>
}

export interface Ending {
  /** True if it finished its work. */
  readonly clean: boolean
  /** In words that follow "the worker". */
  readonly how: string
  /** Why it could not start, if that is how it ended. */
  readonly failure: WorkerFailure | undefined
  /** Milliseconds. */
  readonly lived: number
}

export function startWorker(assignment: Assignment): WorkerProcess {
  const worker = cluster.fork()
  const startedAt = performance.now()
  let failure: WorkerFailure | undefined
  let ready = false
  let stopping = false
  let questions = 0
  const asked = new Map<number, (metrics: ProcessMetrics) => void>()

  function tell(message: ToWorker): void {
    // What cannot be delivered is for a process that is about to end.
    if (worker.isConnected()) worker.send(message, undefined, undefined, () => {})
  }

  const ended = new Promise<Ending>((resolve) => {
    function end(clean: boolean, how: string): void {
      const described = failure ? `could not start: ${failure.message.replace(/\.$/, '')}` : how
      resolve({ clean, how: described, failure, lived: performance.now() - startedAt })
    }
    worker.once('exit', (code, signal) =>
      end(code === 0, signal ? `was ended by ${signal}` : `ended with exit code ${code}`),
    )
    worker.on('error', (error) => {
      // A process that could not be made never exits.
      if (worker.process.pid === undefined) end(false, `could not be made: ${error.message}`)
    })
  })

  const listening = new Promise<Listening>((resolve, reject) => {
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'listening') resolve(message)
      else if (message.type === 'measured') asked.get(message.question)?.(message.metrics)
      else if (message.type === 'failed') {
        failure = new WorkerFailure(message.exitCode, message.reason)
      } else {
        ready = true
        tell(stopping ? { type: 'stop', patient: false } : { type: 'start', assignment })
      }
    })
    ended.then(({ how }) =>
      reject(failure ?? new WorkerFailure(70, `A worker ${how}, before it listened.`)),
    )
  })
  // A caller need not wait for this promise: its rejection must not end the process.
  listening.catch(() => {})

  return {
    pid: worker.process.pid,
    listening,
    ended,
    async measure() {
      const question = ++questions
      const answer = new Promise<ProcessMetrics>((resolve) => asked.set(question, resolve))
      const late = new AbortController()
      const limit = sleep(metricsPatience, [], late).catch(() => [])
      tell({ type: 'measure', question })
      const metrics = await Promise.race([answer, limit, ended.then(() => [])])
      late.abort()
      asked.delete(question)
      return metrics
    },
    async stop({ patient } = { patient: false }) {
      if (ready) tell({ type: 'stop', patient })
      if (!stopping) {
        stopping = true
        const last = setTimeout(() => worker.process.kill('SIGKILL'), gracePeriod + patience)
        ended.then(() => clearTimeout(last))
      }
      return await ended
    },
  }
}
