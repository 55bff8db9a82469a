import { type Config, readConfig, readEnvironment } from '../server/config.ts'
import { type RunningServer, startServer } from '../server/start.ts'
import { finishInTime } from './grace-period.ts'
import { serveWithWorkers } from './workers.ts'

/** Runs the server until it is told to stop, in as many processes as the configuration says. */
export async function serve({ workers }: { readonly workers?: string } = {}): Promise<void> {
  const read = (): Config =>
    readConfig({ ...readEnvironment(), ...(workers !== undefined && { WORKERS: workers }) })
  const config = read()
  if (config.workers > 1) return await serveWithWorkers(config, read)
  const server = await startServer(config)
  // First: whoever waits for the greeting may send a signal at once.
  stopOnSignal(server)
  console.log(server.greeting.join('\n'))
}

function stopOnSignal(server: RunningServer): void {
  let stopping = false
  async function stop(): Promise<void> {
    // npm passes Ctrl-C on to a process that the terminal has told already: the second is the same.
    if (stopping) return
    stopping = true
    await finishInTime(server.close)
    console.log('Stopped.')
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}
