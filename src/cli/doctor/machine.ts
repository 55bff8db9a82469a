import { availableParallelism } from 'node:os'
import { hashConcurrency } from '../../core/passwords/hash-pool.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const threads = findingsOf('threads')
const workerFindings = findingsOf('workers')
const log = findingsOf('log')

/** Password hashes may use every core. */
export function checkThreads({ config }: Subject): readonly Finding[] {
  const share = Math.max(1, Math.floor(availableParallelism() / config.workers))
  const used = hashConcurrency({ threads: config.threads, processes: config.workers })
  if (used >= share) return [threads.ok(`A process hashes ${used} passwords at once.`)]
  return [
    threads.warning(
      `A process hashes ${used} passwords at once, and could ${share} on its cores.`,
      `Set UV_THREADPOOL_SIZE=${share + 1} in the environment of the server, not in .env.`,
    ),
  ]
}

/** There are not more processes than cores. */
export function checkWorkers({ config: { workers } }: Subject): readonly Finding[] {
  const cores = availableParallelism()
  const finding = `WORKERS is ${workers}, on ${cores} ${cores === 1 ? 'core' : 'cores'}.`
  if (workers > cores) {
    return [workerFindings.warning(finding, `Set it to ${cores} at most, or to auto.`)]
  }
  return [workerFindings.ok(finding)]
}

/** What an operator wants to know is logged, and not much else. */
export function checkLogLevel({ config: { logLevel } }: Subject): readonly Finding[] {
  switch (logLevel) {
    case undefined:
    case 'info':
      return [log.ok('Events of security are logged.')]
    case 'debug':
    case 'trace':
      return [
        log.warning(
          `LOG_LEVEL is ${logLevel}: every request is logged, with the address it came from.`,
          'Leave LOG_LEVEL out when you have found what you were looking for.',
        ),
      ]
    default:
      return [
        log.warning(
          `LOG_LEVEL is ${logLevel}: events of security, such as a stolen refresh token, are not logged.`,
          'Set it to info, or leave it out.',
        ),
      ]
  }
}
