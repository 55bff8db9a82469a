import { once } from 'node:events'
import { type Config, readConfig, readEnvironment } from '../server/config.ts'
import { startServer } from '../server/start.ts'
import { finishInTime } from './grace-period.ts'
import { serveWithWorkers } from './workers.ts'

/** Runs the server until it is told to stop, in as many processes as the configuration says. */
export async function serve({ workers }: { readonly workers?: string } = {}): Promise<void> {
  const read = (): Config =>
    readConfig({ ...readEnvironment(), ...(workers !== undefined && { WORKERS: workers }) })
  const config = read()
  if (config.workers > 1) return await serveWithWorkers(config, read)
  // First: whoever waits for the greeting may send a signal at once.
  const stop = stopOnSignal()
  try {
    const server = await startServer(config, { signal: stop, onWaiting: tellOfWaiting })
    console.log(server.greeting.join('\n'))
    if (!stop.aborted) await once(stop, 'abort')
    await finishInTime(server.close)
  } catch (error) {
    if (error !== stop.reason) throw error
  }
  console.log('Stopped.')
}

/** Says why the server does not serve yet. */
export function tellOfWaiting(reason: string): void {
  console.error(`${reason.replace(/\.?$/, '.')} Waiting for it.`)
}

/** Aborted by the first signal. npm passes Ctrl-C on to a process that the terminal has told already. */
function stopOnSignal(): AbortSignal {
  const controller = new AbortController()
  const stop = (): void => controller.abort()
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}
