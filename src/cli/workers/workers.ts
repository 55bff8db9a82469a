import cluster from 'node:cluster'
import { closeSync, openSync } from 'node:fs'
import { systemClock } from '../../core/clock.ts'
import { ConfigError, UnavailableError } from '../../core/errors.ts'
import { listenForMetrics } from '../../server/metrics-listener.ts'
import { openAuth } from '../../server/open-auth.ts'
import type { Config } from '../../server/settings/settings.ts'
import { createSetupGrant } from '../../server/setup.ts'
import { describeFailure, exitCodeOf } from '../exit-code.ts'
import { announce } from '../terminal/announce.ts'
import { createWorkerPool, type WorkerPool } from './pool.ts'

/**
 * Runs the server in several processes until it is told to stop. This one, the primary, serves
 * nothing: it starts the others, replaces those that end, and passes on signals. `read` is asked for
 * the configuration again when all are to be replaced (SIGHUP).
 */
export async function serveWithWorkers(config: Config, read: () => Config): Promise<void> {
  if (!cluster.isPrimary) {
    throw new ConfigError(['WORKERS must be 1: another program runs this one as its worker.'])
  }
  await prepareDatabase(config)
  // The system hands out connections, and not this process, which would lose those that it has given
  // to a worker that dies: they would stay open, and never be answered.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  // Keys are bytes, which JSON has none of.
  cluster.setupPrimary({ args: ['worker'], serialization: 'advanced' })

  const pool = createWorkerPool({
    size: config.workers,
    setup: createSetupGrant(systemClock),
    report: console.error,
    giveUp(failure) {
      console.error(describeFailure(failure))
      process.exitCode = exitCodeOf(failure)
      end()
    },
  })
  const metrics =
    config.metricsPort === undefined
      ? undefined
      : await listenForMetrics(config, async () => {
          const { formatMetrics } = await import('../../server/metrics.ts')
          return await formatMetrics(await pool.measure())
        })
  async function end(): Promise<boolean> {
    const clean = await pool.stop()
    await metrics?.close()
    return clean
  }
  const stop = stopOnSignal(end)
  const starting = pool.start(config)
  replaceOnSignal(stop, async () => {
    await starting
    // Of each place one worker is replaced: there are as many as before. Nor is this process replaced,
    // where metrics are asked for.
    const { workers, metricsPort } = config
    const restarted = await pool.restart({ ...read(), workers, metricsPort })
    if (restarted === undefined) return
    announce(`All workers were replaced, and listen on ${restarted.url}`, describeWorkers(pool))
  })
  const started = await starting.catch(async (error) => {
    await metrics?.close()
    throw error
  })
  if (started === undefined) return
  const [first = '', ...others] = started.greeting
  const lines = [first, describeWorkers(pool), ...others]
  if (metrics) lines.splice(2, 0, `Metrics:     ${metrics.url}`)
  announce(...lines)
}

/** Tells of a database that cannot be used once, and makes its tables once, before there are workers. */
async function prepareDatabase(config: Config): Promise<void> {
  try {
    const auth = await openAuth(config)
    await auth.close()
  } catch (error) {
    // A database that does not answer now is for the workers to wait for, or to end with.
    if (!(error instanceof UnavailableError)) throw error
  }
}

function describeWorkers({ pids }: WorkerPool): string {
  return `Workers:     ${pids.join(', ')} (the primary is ${process.pid})`
}

function stopOnSignal(end: () => Promise<boolean>): () => Promise<void> {
  let stopping = false
  async function stop(): Promise<void> {
    // npm passes Ctrl-C on to a process that the terminal has told already: the second is the same.
    if (stopping) return
    stopping = true
    if (await end()) announce('Stopped.')
    else process.exitCode = 1
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return stop
}

/** A signal that comes while workers are being replaced has them replaced once more. */
function replaceOnSignal(stop: () => Promise<void>, replaceAll: () => Promise<void>): void {
  let wanted = false
  let replacing = false
  process.on('SIGHUP', async () => {
    if (isTerminalGone()) return await stop()
    wanted = true
    if (replacing) return
    replacing = true
    while (wanted) {
      wanted = false
      try {
        await replaceAll()
      } catch (error) {
        console.error(describeFailure(error))
        console.error('No more workers are replaced; those that run go on.')
      }
    }
    replacing = false
  })
}

/** SIGHUP has an older meaning: the terminal that the server was started in was closed. */
function isTerminalGone(): boolean {
  if (!process.stdin.isTTY && !process.stdout.isTTY) return false
  try {
    closeSync(openSync('/dev/tty', 'r+'))
    return false
  } catch {
    return true
  }
}
