import type { Worker } from 'node:cluster'
import { type RunningServer, startServer } from '../../server/start.ts'
import { describeFailure, exitCodeOf } from '../exit-code.ts'
import { finishInTime } from '../grace-period.ts'
import { growMemory } from '../quick-start.ts'
import { tellOfWaiting } from '../serve.ts'
import { followArrivals } from './arrivals.ts'
import type { Assignment, FromWorker, ToWorker } from './messages.ts'

/** Serves as one of several processes: when to start and when to stop, the primary process says. */
export function work(worker: Worker): void {
  let server: Promise<RunningServer | undefined> | undefined
  let awaitArrivals: ReturnType<typeof followArrivals> | undefined
  let stopping = false
  const hurry = new AbortController()
  /** Ends the wait for a database that cannot be used yet. */
  const stopped = new AbortController()

  async function start({ config, ...options }: Assignment): Promise<RunningServer | undefined> {
    try {
      const running = await startServer(config, {
        ...options,
        signal: stopped.signal,
        // If several workers wait for the same reason, one says so.
        ...(options.prune !== false && { onWaiting: tellOfWaiting }),
      })
      growMemory()
      awaitArrivals = followArrivals(running.app.server, running.stopAccepting)
      say({ type: 'listening', url: running.url, greeting: running.greeting })
      return running
    } catch (error) {
      if (error === stopped.signal.reason) return undefined
      process.exitCode = exitCodeOf(error)
      // Sent and not printed: if several workers fail for the same reason, the primary prints one.
      say({ type: 'failed', exitCode: exitCodeOf(error), reason: describeFailure(error) })
      leave()
      return undefined
    }
  }

  async function stop(patient: boolean): Promise<void> {
    if (!patient) hurry.abort()
    if (stopping) return
    stopping = true
    stopped.abort()
    await finishInTime(async () => {
      const running = await server
      await awaitArrivals?.(hurry.signal)
      await running?.close()
    })
    leave()
  }

  async function tellMetrics(question: number): Promise<void> {
    const running = await server
    const metrics = (await running?.metrics?.getMetricsAsJSON()) ?? []
    say({ type: 'measured', question, metrics })
  }

  function say(message: FromWorker): void {
    // Without a callback, a message to a primary process that has ended is an unhandled error.
    if (worker.isConnected()) worker.send(message, undefined, undefined, () => {})
  }

  /** Closes the channel, the last thing that keeps this process alive. */
  function leave(): void {
    if (worker.isConnected()) worker.disconnect()
  }

  worker.on('message', (message: ToWorker) => {
    if (message.type === 'stop') stop(message.patient)
    else if (message.type === 'measure') tellMetrics(message.question)
    else server ??= start(message.assignment)
  })
  worker.on('disconnect', async () => {
    // The primary process is gone, unless this one left it. Node.js would exit now, in the middle of
    // the requests in flight.
    worker.exitedAfterDisconnect = true
    if (stopping) return
    const running = await server
    running?.app.log.warn('the primary process is gone: finishing')
    stop(false)
  })
  process.on('SIGTERM', () => stop(true))
  // A terminal tells the whole process group. The primary process was told, too, and decides.
  process.on('SIGINT', () => {})
  process.on('SIGHUP', () => {})
  say({ type: 'ready' })
}
