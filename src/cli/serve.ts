import { readConfig, readEnvironment } from '../server/config.ts'
import { type RunningServer, startServer } from '../server/start.ts'

/** Milliseconds that requests in flight get to finish. */
const gracePeriod = 10_000

/** Runs the server until it is told to stop. */
export async function serve(): Promise<void> {
  const server = await startServer(readConfig(readEnvironment()))
  console.log(server.greeting.join('\n'))
  stopOnSignal(server)
}

function stopOnSignal(server: RunningServer): void {
  let stopping = false
  async function stop(): Promise<void> {
    // npm passes Ctrl-C on to a process that the terminal has told already: the second is the same.
    if (stopping) return
    stopping = true
    const deadline = setTimeout(() => {
      console.error('Some requests did not finish within 10 s and were cut off.')
      process.exit(1)
    }, gracePeriod)
    deadline.unref()
    await server.close()
    console.log('Stopped.')
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}
