import type { FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import type { Auth } from '../core/auth.ts'
import type { Mailbox } from '../core/mail/mailbox.ts'
import type { PageOptions } from '../http/pages/page-options.ts'
import { buildApp } from './app.ts'
import { passkeysOffBecause } from './factor-options.ts'
import { lowerHashPriority } from './hash-priority.ts'
import { databaseFile } from './inspect-database.ts'
import { type Listeners, listen } from './listen.ts'
import { urlOf } from './listener-options.ts'
import { createLogStream, type LogStream } from './logging/stream.ts'
import { listenForMetrics, type MetricsListener } from './metrics-listener.ts'
import { needing } from './needed-package.ts'
import { openAuth } from './open-auth.ts'
import { isLoopback, ownIssuer } from './settings/loopback.ts'
import type { Config } from './settings/settings.ts'
import { createSetup, type Setup, type SetupGrant, setupLifetime } from './setup.ts'
import { openWhenPossible, type WaitingOptions } from './waiting.ts'

/** A server that listens. */
export interface RunningServer {
  /** The application that listens. */
  readonly app: FastifyInstance
  /** What its guards and routes work with. */
  readonly auth: Auth
  /** Where it is reached from this machine, such as `http://localhost:8000`. */
  readonly url: string
  /** What it measures; undefined if `METRICS_PORT` is not set. */
  readonly metrics: Registry | undefined
  /** What the server says when it has started, a line each. */
  readonly greeting: readonly string[]
  /** Accepts no more connections. Those that were made stay, and their requests are answered. */
  stopAccepting(): void
  /** Finishes the requests in flight, then closes the database. Safe to call again. */
  close(): Promise<void>
}

/** The options of one process of several, and how it waits for the database. */
export interface StartOptions extends WaitingOptions {
  /** The set-up grant that all of them hold. Default: one of its own. */
  readonly setup?: SetupGrant
  /** Delete ended sessions now and then. Default true. */
  readonly prune?: boolean
  /** Keeps mails where there is no relay, and shows them at `/dev/mail`. For development. Default none. */
  readonly mailbox?: Mailbox | undefined
  /** Its place among several processes: then it measures, and another serves `/metrics`. Default none. */
  readonly worker?: number
}

/**
 * Opens the database and listens. A PostgreSQL server that cannot be reached now is waited for.
 *
 * @throws {ConfigError} or {StoreError} if waiting would not help, the error of `listen`, or the
 * reason of the signal that ended the waiting.
 */
export async function startServer(
  config: Config,
  { setup: grant, prune = true, worker, mailbox, ...waiting }: StartOptions = {},
): Promise<RunningServer> {
  await lowerHashPriority()
  const opened =
    config.databaseUrl === undefined
      ? { value: await open(config, mailbox), port: config.port, leave: async () => {} }
      : await openWhenPossible(() => open(config, mailbox), config, waiting)
  const { auth, users } = opened.value
  let app: FastifyInstance | undefined
  let listener: MetricsListener | undefined
  try {
    const setup = users === 0 ? createSetup(auth.clock, grant) : undefined
    const keptMails = config.smtpUrl === undefined ? mailbox : undefined
    const level = config.logLevel ?? (process.stdout.isTTY ? 'warn' : 'info')
    const log = createLogStream(process.stdout)
    const metrics = config.metricsPort === undefined ? undefined : await measure(auth, log, worker)
    app = await buildApp({
      auth,
      docs: config.docs,
      trustedProxies: config.trustedProxies,
      corsOrigins: config.corsOrigins,
      prune,
      pages: pageOptions(config),
      logger: { level, stream: log },
      logRequests: level === 'debug' || level === 'trace',
      ...(setup && { setup }),
      ...(keptMails && { mailbox: keptMails }),
      ...(metrics && { metrics }),
    })
    if (metrics && worker === undefined) {
      listener = await listenForMetrics(config, () => metrics.metrics())
    }
    await opened.leave()
    const listeners = await listen(app, { host: config.host, port: opened.port })
    const url = urlOf(app, config.host)
    const greeting = greet(url, config, setup, listener, keptMails)
    const close = closeOnce(app, listeners, auth, listener)
    const { stopAccepting } = listeners
    return { app, auth, url, metrics, greeting, stopAccepting, close }
  } catch (error) {
    await listener?.close()
    await app?.close()
    await opened.leave()
    await auth.close()
    throw error
  }
}

function pageOptions({ siteLogo, siteAccent, siteCss }: Config): PageOptions {
  return {
    ...(siteLogo !== undefined && { logo: { url: siteLogo } }),
    ...(siteAccent !== undefined && { accent: siteAccent }),
    ...(siteCss !== undefined && { css: siteCss }),
  }
}

async function measure(auth: Auth, log: LogStream, worker: number | undefined): Promise<Registry> {
  const { createRegistry } = await needing(
    'prom-client',
    'METRICS_PORT',
    () => import('./metrics.ts'),
  )
  return createRegistry(auth, log, worker)
}

/** The application's security, and how many users there are. */
async function open(
  config: Config,
  mailbox: Mailbox | undefined,
): Promise<{ auth: Auth; users: number }> {
  const auth = await openAuth(config, mailbox && { mailbox })
  try {
    return { auth, users: (await auth.users.counts()).total }
  } catch (error) {
    await auth.close()
    throw error
  }
}

// From source it is a script of this package, compiled an executable of an installed one.
const command = import.meta.url.endsWith('.ts') ? 'npm run portcullis --' : 'npx portcullis'

function greet(
  url: string,
  config: Config,
  setup: Setup | undefined,
  metrics: MetricsListener | undefined,
  mailbox: Mailbox | undefined,
): string[] {
  const lines = [`Portcullis listens on ${url}`]
  // Where its users reach it, unless nobody has said that.
  const base = config.issuer === ownIssuer(config.port) ? url : config.issuer.replace(/\/$/, '')
  if (config.docs) lines.push(`Swagger UI:  ${base}/docs`)
  if (mailbox) lines.push(`Mails:       ${base}/dev/mail`)
  // The page that needs no client: at the authorization endpoint nobody but a client has anything to ask for.
  if (config.hostedLogin) lines.push(`Log in at:   ${base}/account${withoutIdTokens(config)}`)
  lines.push(`Database:    ${databaseOf(config)}`, `Signs with:  ${keyOf(config)}`)
  if (metrics) lines.push(`Metrics:     ${metrics.url}`)
  const passkeysOff = passkeysOffBecause(config)
  if (passkeysOff !== null) lines.push(`WARNING: ${passkeysOff} Use a name.`)
  if (!isLoopback(config.host) && new URL(config.issuer).protocol === 'http:') {
    lines.push(
      `WARNING: HOST ${config.host} accepts connections from other machines without TLS, so the network can read passwords: put a proxy with TLS in front.`,
    )
  }
  if (setup) {
    lines.push(
      '',
      'There are no users yet. Create the first administrator, either',
      `  in a browser, within ${setupLifetime / 60} minutes:  ${base}/setup#${setup.code}`,
      `  or in another terminal:  ${command} user add alice --role admin`,
    )
  }
  return lines
}

/** OpenID Connect Core §10.1: nobody else can verify what is signed with a secret. */
function withoutIdTokens({ secretKey }: Config): string {
  return secretKey === undefined
    ? ''
    : ', without ID tokens: SECRET_KEY has no public half; leave it out for OpenID Connect'
}

function databaseOf({ databaseUrl, dataDirectory }: Config): string {
  return databaseUrl === undefined ? `SQLite, ${databaseFile(dataDirectory)}` : 'PostgreSQL'
}

function keyOf({ secretKey, signingAlgorithm }: Config): string {
  return secretKey === undefined ? `${signingAlgorithm}, a managed key` : 'HS256, SECRET_KEY'
}

function closeOnce(
  app: FastifyInstance,
  listeners: Listeners,
  auth: Auth,
  metrics: MetricsListener | undefined,
): () => Promise<void> {
  let closing: Promise<void> | undefined
  async function finish(): Promise<void> {
    // A busy connection would stay open after its answer. Close it once it is idle.
    const sweep = setInterval(() => app.server.closeIdleConnections(), 50)
    try {
      await Promise.all([app.close(), listeners.finished()])
    } finally {
      clearInterval(sweep)
      await metrics?.close()
      await auth.close()
    }
  }
  return () => {
    closing ??= finish()
    return closing
  }
}
