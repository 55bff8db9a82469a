import { once } from 'node:events'
import type { Mailbox } from '../core/mail/mailbox.ts'
import { readConfig } from '../server/settings/config.ts'
import { namesWithoutSetting, readEnvironment } from '../server/settings/environment.ts'
import type { Config } from '../server/settings/settings.ts'
import { startServer } from '../server/start.ts'
import { finishInTime } from './grace-period.ts'
import { growMemory } from './quick-start.ts'
import { stopOnSignal } from './stop-signal.ts'
import { announce } from './terminal/announce.ts'

interface ServeOptions {
  readonly port?: string
  readonly workers?: string
  readonly dev?: true
}

/** Runs the server until it is told to stop, in as many processes as the configuration says. */
export async function serve({ port, workers, dev }: ServeOptions = {}): Promise<void> {
  const read = (): Config =>
    readConfig(
      {
        ...readEnvironment(),
        ...(port !== undefined && { PORT: port }),
        ...(workers !== undefined && { WORKERS: workers }),
        // A demo server is for this machine alone, so its issuer may use http.
        ...(dev && { ALLOW_INSECURE_ISSUER: 'true' }),
      },
      { keepsMails: dev === true },
    )
  const config = read()
  warnOfNames(namesWithoutSetting())
  if (dev) {
    const { serveDemo } = await import('./demo.ts')
    return await serveDemo(config, readEnvironment(), serveAlone)
  }
  if (config.workers > 1) {
    const { serveWithWorkers } = await import('./workers/workers.ts')
    return await serveWithWorkers(config, read)
  }
  await serveAlone(config)
}

/** Names what somebody may take for a setting, and what changes nothing. */
function warnOfNames(names: readonly string[]): void {
  if (names.length === 0) return
  announce(`WARNING: .env has names that are no settings and change nothing: ${names.join(', ')}.`)
}

/** Serves from this process; `words` are said after the greeting. A mailbox is for development. */
async function serveAlone(
  config: Config,
  words: readonly string[] = [],
  mailbox?: Mailbox,
): Promise<void> {
  // First: a supervisor that waits for the greeting may send a signal at once.
  const stop = stopOnSignal()
  try {
    const server = await startServer(config, { signal: stop, onWaiting: tellOfWaiting, mailbox })
    growMemory()
    announce(...server.greeting, ...words)
    if (!stop.aborted) await once(stop, 'abort')
    await finishInTime(server.close)
  } catch (error) {
    if (error !== stop.reason) throw error
  }
  announce('Stopped.')
}

/** Says why the server does not serve yet. */
export function tellOfWaiting(reason: string): void {
  console.error(`${reason.replace(/\.?$/, '.')} Waiting for it.`)
}
