import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import type { Auth } from '../core/auth.ts'
import type { ResourceServer } from '../core/resource-server.ts'
import { type DocsOptions, registerDocs } from './docs.ts'
import { oauthRoutes } from './oauth-routes.ts'
import { finishGuardedRoute } from './route-guards.ts'

export interface PortcullisOptions {
  /** A resource server has no OAuth endpoints: the paths below are not used then. */
  readonly auth: Auth | ResourceServer
  /** The path of the token endpoint. Default `/auth/token`. */
  readonly tokenPath?: string
  /** The path of the revocation endpoint. Default `/auth/revoke`. */
  readonly revocationPath?: string
  /**
   * The documentation of the whole application. False leaves it out, for an application that
   * registers `@fastify/swagger` itself: see `securityScheme`.
   */
  readonly docs?: DocsOptions | false
}

/**
 * Adds the OAuth endpoints, the documentation and the handling of guarded routes to a Fastify
 * application. Register it before the routes, with `await`.
 */
export const portcullis: FastifyPluginCallback<PortcullisOptions> = fp<PortcullisOptions>(
  async (app, options) => {
    const { auth, tokenPath = '/auth/token', revocationPath = '/auth/revoke', docs = {} } = options
    app.addHook('onRoute', finishGuardedRoute)
    if (docs !== false) await registerDocs(app, auth, app.prefix + tokenPath, docs)
    if (!('login' in auth)) return
    await app.register(oauthRoutes, {
      auth,
      paths: { token: tokenPath, revocation: revocationPath },
    })
    pruneSessions(app, auth)
  },
  { name: 'portcullis', fastify: '5.x' },
)

/** Seconds between two looks for sessions that have ended. */
const pruneInterval = 60 * 60

function pruneSessions(app: FastifyInstance, auth: Auth): void {
  let timer: NodeJS.Timeout | undefined
  app.addHook('onListen', async () => {
    const prune = (): void => {
      Promise.all([auth.sessions.prune(), auth.throttle.prune()]).catch((error) =>
        app.log.error({ err: error }, 'pruning failed'),
      )
    }
    timer = setInterval(prune, pruneInterval * 1000).unref()
    prune()
  })
  app.addHook('onClose', async () => clearInterval(timer))
}
