import { once } from 'node:events'
import { readConfig, readEnvironment } from '../server/config.ts'
import { startServer } from '../server/start.ts'

/** Milliseconds that requests in flight get to finish. */
const gracePeriod = 10_000

/** Runs the server until it is told to stop. */
export async function serve(): Promise<void> {
  const config = readConfig(readEnvironment())
  const stop = stopOnSignal()
  try {
    const server = await startServer(config, {
      signal: stop,
      onWaiting: (reason) => console.error(`${reason.replace(/\.?$/, '.')} Waiting for it.`),
    })
    console.log(server.greeting.join('\n'))
    if (!stop.aborted) await once(stop, 'abort')
    await server.close()
  } catch (error) {
    if (error !== stop.reason) throw error
  }
  console.log('Stopped.')
}

/** Aborted by the first signal. npm passes Ctrl-C on to a process that the terminal has told already. */
function stopOnSignal(): AbortSignal {
  const controller = new AbortController()
  function stop(): void {
    if (controller.signal.aborted) return
    setTimeout(() => {
      console.error('Some requests did not finish within 10 s and were cut off.')
      process.exit(1)
    }, gracePeriod).unref()
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return controller.signal
}
