import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import type { Auth } from '../core/auth.ts'
import { internals } from '../core/internals.ts'
import type { ResourceServer } from '../core/issuers/resource-server.ts'
import { type DocsOptions, registerDocs } from './docs.ts'
import { oauthRoutes } from './oauth-routes.ts'
import { finishGuardedRoute } from './route-guards.ts'

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
    app.addHook('onRoute', finishGuardedRoute)
    if (docs !== false) await registerDocs(app, auth, app.prefix + tokenPath, docs)
    if (!(internals in auth)) return
    await app.register(oauthRoutes, {
      auth,
      paths: { token: tokenPath, revocation: revocationPath, introspection: introspectionPath },
    })
    maintainWhileListening(app, auth, options.prune !== false)
  },
  { name: 'portcullis', fastify: '5.x' },
)

/** Does, while the application listens, what nobody asks for. */
function maintainWhileListening(app: FastifyInstance, auth: Auth, prune: boolean): void {
  const stop = new AbortController()
  let maintenance: Promise<void> | undefined
  const onError = (error: unknown, work: string): void =>
    app.log.error({ err: error }, `${work} failed`)
  app.addHook('onListen', async () => {
    maintenance = auth.maintain(stop.signal, { prune, onError })
  })
  app.addHook('onClose', async () => {
    stop.abort()
    // The database is closed after the application.
    await maintenance
  })
}
