import type { FastifyInstance, FastifyPluginCallback, RegisterOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { Auth } from '../core/auth.ts'
import { ConfigError } from '../core/errors.ts'
import { internals } from '../core/internals.ts'
import type { ResourceServer } from '../core/issuers/resource-server.ts'
import { anything, flag, orFalse, readOptions, recordOf, type ShapesOf } from '../core/options.ts'
import { requireAuth } from '../core/require-auth.ts'
import { endpoints } from '../http/endpoints/endpoints.ts'
import {
  type EndpointOptions,
  endpointShapes,
  mountEndpoints,
  normalizePrefix,
  pathProblems,
} from '../http/endpoints/mount.ts'
import { type DocsOptions, docsShapes, registerDocs } from './docs.ts'
import { schemeName } from './guard-documentation.ts'
import { schemesOf } from './issuer-schemes.ts'
import { oauthRoutes } from './oauth-routes.ts'
import { answerRefusals } from './refusal-handler.ts'
import { finishRoute, warnOfEndlessRequests } from './route-guards.ts'

/** What the plugin `portcullis` takes. */
export interface PortcullisOptions extends EndpointOptions {
  /** A resource server has no OAuth endpoints: their paths are not used then. */
  readonly auth: Auth | ResourceServer
  /**
   * The documentation of the whole application. False leaves it out, for an application that
   * registers `@fastify/swagger` itself: see `securityScheme`. Default: see `DocsOptions`.
   */
  readonly docs?: DocsOptions | false
  /** Delete ended sessions and old events at start and every hour. One of several processes is enough. Default true. */
  readonly prune?: boolean
  /**
   * Answer the errors of this library that a guard or a handler throws as `application/problem+json`,
   * such as 401 for a missing token or 409 for `username_taken`. It applies to every route that is
   * added after the plugin and has no `errorHandler` of its own. Every other error goes to the error
   * handler of the application.
   *
   * False leaves these errors to that handler too, which finds the status, the headers and a body with
   * `answerError(error)`. The OAuth endpoints keep the form of RFC 6749 §5.2. Default true.
   */
  readonly answerErrors?: boolean
}

const owner = { name: 'portcullis', example: '{ auth }' }

const shapes: ShapesOf<PortcullisOptions & RegistrationOptions> = {
  // Judged by requireAuth.
  auth: anything,
  docs: orFalse(recordOf<DocsOptions>(docsShapes)),
  prune: flag,
  answerErrors: flag,
  ...endpointShapes,
  logLevel: anything,
  logSerializers: anything,
}

/** What Fastify itself reads of a plugin's options. */
type RegistrationOptions = Pick<RegisterOptions, 'logLevel'> & { readonly logSerializers?: unknown }

/** @throws {ConfigError} with every problem of the options. */
function checkPluginOptions(given: PortcullisOptions): PortcullisOptions {
  const { options, problems } = readOptions(given, shapes, owner)
  problems.push(...pathProblems(options))
  if (problems.length > 0) throw new ConfigError(problems)
  return options
}

/**
 * Adds the OAuth endpoints, the documentation and the handling of guarded routes to a Fastify
 * application. Register it before the routes, with `await`.
 *
 * @throws {ConfigError} `config_invalid` for an option that is not known.
 * @throws {TypeError} if `auth` is missing, or a promise that was not awaited.
 */
export const portcullis: FastifyPluginCallback<PortcullisOptions> = fp<PortcullisOptions>(
  async (app, given) => {
    const options = checkPluginOptions(given)
    requireAuth(options.auth)
    const { auth, answerErrors = true, docs = {} } = options
    const prefix = normalizePrefix(options.prefix ?? '')
    app.addHook('onRoute', finishRoute)
    app.addHook('onListen', warnOfEndlessRequests)
    if (answerErrors) app.addHook('onRoute', answerRefusals(auth.compatibility))
    const { tokenPath = endpoints.token.path } = options
    if (docs !== false) await registerDocs(app, auth, { prefix, tokenPath }, docs)
    if (!(internals in auth)) return
    // The endpoints of users take no API key.
    const others = schemesOf(auth).others.map(({ name }) => name)
    await app.register(oauthRoutes, {
      endpoints: mountEndpoints(auth, options, app.prefix),
      // The endpoints of users take no API key.
      schemes: [schemeName, ...others],
    })
    maintainWhileListening(app, auth, options.prune !== false)
  },
  { name: 'portcullis', fastify: '5.x' },
)

/** Runs the maintenance while the application listens. */
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
