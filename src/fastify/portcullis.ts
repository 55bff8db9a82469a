import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import type { Auth } from '../core/auth.ts'
import type { ResourceServer } from '../core/issuers/resource-server.ts'
import { type DocsOptions, registerDocs } from './docs.ts'
import { oauthRoutes } from './oauth-routes.ts'
import { finishRoute, warnOfEndlessRequests } from './route-guards.ts'

/** What the plugin takes. */
export interface PortcullisOptions {
  /** A resource server has no OAuth endpoints: the paths below are not used then. */
  readonly auth: Auth | ResourceServer
  /** The path of the token endpoint. Default `/auth/token`. */
  readonly tokenPath?: string
  /** The path of the revocation endpoint. Default `/auth/revoke`. */
  readonly revocationPath?: string
  /** The path of the introspection endpoint. Default `/auth/introspect`. */
  readonly introspectionPath?: string
  /**
   * The documentation of the whole application. False leaves it out, for an application that
   * registers `@fastify/swagger` itself: see `securityScheme`.
   */
  readonly docs?: DocsOptions | false
  /** Delete ended sessions and old events at start and every hour. One of several processes is enough. Default true. */
  readonly prune?: boolean
}

/**
 * Adds the OAuth endpoints, the documentation and the handling of guarded routes to a Fastify
 * application. Register it before the routes, with `await`.
 */
export const portcullis: FastifyPluginCallback<PortcullisOptions> = fp<PortcullisOptions>(
  async (app, options) => {
    const {
      auth,
      tokenPath = '/auth/token',
      revocationPath = '/auth/revoke',
      introspectionPath = '/auth/introspect',
      docs = {},
    } = options
    app.addHook('onRoute', finishRoute)
    app.addHook('onListen', warnOfEndlessRequests)
    if (docs !== false) await registerDocs(app, auth, app.prefix + tokenPath, docs)
    if (!('login' in auth)) return
    await app.register(oauthRoutes, {
      auth,
      paths: { token: tokenPath, revocation: revocationPath, introspection: introspectionPath },
    })
    keepInOrder(app, auth, options.prune !== false)
  },
  { name: 'portcullis', fastify: '5.x' },
)

/** Seconds between two looks for sessions that have ended. */
const pruneInterval = 60 * 60
/** Seconds between two looks for what is due with the signing keys. */
const keyInterval = 60
/** Seconds between two looks for the kinds of hashes that users have. */
const hashInterval = 60 * 60

/** Does, while the application listens, what nobody asks for. */
function keepInOrder(app: FastifyInstance, auth: Auth, prune: boolean): void {
  const pruneAll = (signal: AbortSignal) =>
    Promise.all([auth.sessions.prune(signal), auth.events.prune(signal), auth.throttle.prune()])
  if (prune) repeat(app, pruneInterval, 'pruning', pruneAll)
  repeat(app, hashInterval, 'a look at the kinds of hashes', auth.login.learnTimes)
  const { managedKeys } = auth
  if (managedKeys) repeat(app, keyInterval, 'key maintenance', () => managedKeys.maintain())
}

/** Does something when the application listens, and again and again until it closes. */
function repeat(
  app: FastifyInstance,
  interval: number,
  name: string,
  work: (signal: AbortSignal) => Promise<unknown>,
): void {
  const stop = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> | undefined
  function run(): void {
    // Not twice at once: after a long absence there may be more to do than fits between two times.
    running ??= work(stop.signal)
      .catch((error) => app.log.error({ err: error }, `${name} failed`))
      .finally(() => {
        running = undefined
      })
  }
  app.addHook('onListen', async () => {
    timer = setInterval(run, interval * 1000).unref()
    run()
  })
  app.addHook('onClose', async () => {
    clearInterval(timer)
    stop.abort()
    // The database is closed after the application.
    await running
  })
}
