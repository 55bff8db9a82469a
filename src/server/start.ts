import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Auth } from '../core/auth.ts'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { openAuth } from './open-auth.ts'
import { createSetup, type Setup, setupLifetime } from './setup.ts'

/** A server that listens. */
export interface RunningServer {
  readonly app: FastifyInstance
  readonly auth: Auth
  /** Where it is reached from this machine, such as `http://127.0.0.1:8000`. */
  readonly url: string
  /** What there is to tell whoever started it, a line each. */
  readonly greeting: readonly string[]
  /** Finishes the requests in flight, then closes the database. Safe to call again. */
  close(): Promise<void>
}

/**
 * Opens the database and listens.
 *
 * @throws {ConfigError} or {StoreError} before anything listens, or the error of `listen`.
 */
export async function startServer(config: Config): Promise<RunningServer> {
  const auth = await openAuth(config)
  let app: FastifyInstance | undefined
  try {
    const { total } = await auth.accounts.counts()
    const setup = total === 0 ? createSetup(auth.clock) : undefined
    const level = config.logLevel ?? (process.stdout.isTTY ? 'warn' : 'info')
    app = await buildApp({
      auth,
      docs: config.docs,
      trustedProxies: config.trustedProxies,
      logger: { level },
      logRequests: level === 'debug' || level === 'trace',
      ...(setup && { setup }),
    })
    await app.listen({ host: config.host, port: config.port })
    const url = addressOf(app)
    return { app, auth, url, greeting: greet(url, config, setup), close: closeOnce(app, auth) }
  } catch (error) {
    await app?.close()
    await auth.close()
    throw error
  }
}

function addressOf(app: FastifyInstance): string {
  const { address, family, port } = app.server.address() as AddressInfo
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address
  return `http://${family === 'IPv6' && host.includes(':') ? `[${host}]` : host}:${port}`
}

// From source it is a script of this package, compiled an executable of an installed one.
const command = import.meta.url.endsWith('.ts') ? 'npm run portcullis --' : 'npx portcullis'

function greet(url: string, config: Config, setup: Setup | undefined): string[] {
  const lines = [`Portcullis listens on ${url}`]
  if (config.docs) lines.push(`Swagger UI:  ${url}/docs`)
  if (setup) {
    lines.push(
      '',
      'There are no users yet. Create the first administrator, either',
      `  in a browser, within ${setupLifetime / 60} minutes:  ${url}/setup#${setup.code}`,
      `  or in another terminal:  ${command} user add alice --role admin`,
    )
  }
  return lines
}

function closeOnce(app: FastifyInstance, auth: Auth): () => Promise<void> {
  let closing: Promise<void> | undefined
  async function finish(): Promise<void> {
    // A connection that is busy now is kept alive after its answer, which nobody waits for.
    const sweep = setInterval(() => app.server.closeIdleConnections(), 50)
    try {
      await app.close()
    } finally {
      clearInterval(sweep)
      await auth.close()
    }
  }
  return () => {
    closing ??= finish()
    return closing
  }
}
