import type { FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import type { Auth } from '../core/auth.ts'
import { type DocsOptions, registerDocs } from './docs.ts'
import { finishGuardedRoute } from './route-guards.ts'
import { tokenRoute } from './token-route.ts'

export interface PortcullisOptions {
  readonly auth: Auth
  /** The path of the token endpoint. Default `/auth/token`. */
  readonly tokenPath?: string
  /**
   * The documentation of the whole application. False leaves it out, for an application that
   * registers `@fastify/swagger` itself: see `securityScheme`.
   */
  readonly docs?: DocsOptions | false
}

/**
 * Adds the token endpoint, the documentation and the handling of guarded routes to a Fastify
 * application. Register it before the routes, with `await`.
 */
export const portcullis: FastifyPluginCallback<PortcullisOptions> = fp<PortcullisOptions>(
  async (app, { auth, tokenPath = '/auth/token', docs = {} }) => {
    app.addHook('onRoute', finishGuardedRoute)
    if (docs !== false) await registerDocs(app, auth, app.prefix + tokenPath, docs)
    await app.register(tokenRoute, { auth, tokenPath })
  },
  { name: 'portcullis', fastify: '5.x' },
)
