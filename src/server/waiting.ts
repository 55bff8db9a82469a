import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import { UnavailableError } from '../core/errors.ts'
import { sendProblem } from '../fastify/refusal-handler.ts'
import { listen } from './listen.ts'
import { listenerOptions } from './listener-options.ts'
import { addSecurityHeaders } from './security-headers.ts'
import type { Config } from './settings/settings.ts'

/** How `startServer` waits for the database. */
export interface WaitingOptions {
  /** Ends the waiting. Default none. */
  readonly signal?: AbortSignal | undefined
  /** Told once for every reason why the database cannot be used. Default: nothing is called. */
  readonly onWaiting?: ((reason: string) => void) | undefined
}

export interface Opened<T> {
  readonly value: T
  /** Where to listen: the port that is taken already, while something listens in the meantime. */
  readonly port: number
  /** Makes the port free. */
  leave(): Promise<void>
}

/** Milliseconds before the first retry; each is twice as long as the one before, up to the other. */
const firstPause = 500
const longestPause = 10_000

/**
 * Opens what needs the database, and tries again for as long as the error says that it may do later.
 * In the meantime the process listens: it lives, it is not ready, and all else is 503.
 *
 * @throws the first error that is no `UnavailableError`, or the reason of the signal.
 */
export async function openWhenPossible<T>(
  open: () => Promise<T>,
  { host, port, issuer }: Pick<Config, 'host' | 'port' | 'issuer'>,
  { signal, onWaiting }: WaitingOptions,
): Promise<Opened<T>> {
  let app: FastifyInstance | undefined
  let taken = port
  let told: string | undefined
  try {
    for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
      try {
        return { value: await open(), port: taken, leave: async () => app?.close() }
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error
        if (told !== error.message) onWaiting?.(error.message)
        told = error.message
      }
      if (app === undefined) {
        app = await buildWaiting(issuer)
        await listen(app, { host, port })
        taken = (app.server.address() as AddressInfo).port
      }
      // Many processes that lost the database together do not come back together.
      await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal })
    }
  } catch (error) {
    await app?.close()
    throw signal?.aborted ? signal.reason : error
  }
}

/** Seconds. */
const retryAfter = 2

async function buildWaiting(issuer: string): Promise<FastifyInstance> {
  // Answers take no time: a connection that is open at the close belongs to a client that has not asked.
  const app = Fastify({ ...listenerOptions, forceCloseConnections: true })
  addSecurityHeaders(app, issuer)
  // Before the body is read.
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url === '/health/live') return
    reply.header('retry-after', retryAfter).header('connection', 'close')
    await sendProblem(reply, 503, 'The database cannot be used yet.')
  })
  app.get('/health/live', async () => ({ status: 'ok' }))
  return app
}
