import type { JsonSchemaToTsProvider } from '@fastify/type-provider-json-schema-to-ts'
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify'
import type { Registry } from 'prom-client'
import type { Auth } from '../core/auth.ts'
import { ConfigError } from '../core/errors.ts'
import { internals } from '../core/internals.ts'
import type { Mailbox } from '../core/mail/mailbox.ts'
import { type AllowedMethods, rememberMethods } from '../fastify/allowed-methods.ts'
import { guarded } from '../fastify/guarded.ts'
import { portcullis } from '../fastify/portcullis.ts'
import { sendProblem } from '../fastify/refusal-handler.ts'
import { createGuards } from '../http/guards/guards.ts'
import type { PageOptions } from '../http/pages/page-options.ts'
import { registerAccounts } from './accounts.ts'
import { listenerOptions } from './listener-options.ts'
import { logEvents } from './logging/event-log.ts'
import { createRequestIds } from './logging/request-ids.ts'
import { createRequestLogs } from './logging/request-log.ts'
import { describeError, describeRequest } from './logging/serializers.ts'
import { addPermissions } from './permissions.ts'
import { findRoleNames } from './role-names.ts'
import { adminRoutes } from './routes/admin.ts'
import { adminAccountRoutes } from './routes/admin-accounts.ts'
import { documentAnswers } from './routes/answers.ts'
import { eventRoutes } from './routes/events.ts'
import { frontRoutes } from './routes/front.ts'
import { healthRoutes } from './routes/health.ts'
import { identityRoutes } from './routes/identities.ts'
import { meRoutes } from './routes/me.ts'
import { limitRequests } from './routes/one-limit.ts'
import { shapeFields } from './routes/own-fields.ts'
import { setupRoutes } from './routes/setup.ts'
import { statsRoutes } from './routes/stats.ts'
import { userSessionRoutes } from './routes/user-sessions.ts'
import { addSecurityHeaders } from './security-headers.ts'
import { allowOrigins } from './settings/allowed-origins.ts'
import { type TrustedProxies, trustProxies } from './settings/trusted-proxies.ts'
import type { Setup } from './setup.ts'
import { version } from './version.ts'

/** What `buildApp` takes. */
export interface AppOptions {
  /** What `createAuth` or `openAuth` returned. */
  readonly auth: Auth
  /** Serve `/docs` and `/openapi.json`. Default true. */
  readonly docs?: boolean
  /** Fastify's logger option. Default: no log. */
  readonly logger?: FastifyServerOptions['logger']
  /** Log every request. Default false. */
  readonly logRequests?: boolean
  /** Proxies whose `X-Forwarded-For` is trusted. Default none. */
  readonly trustedProxies?: TrustedProxies
  /** Origins whose pages may call the server from a browser (CORS). Default none but its own. */
  readonly corsOrigins?: readonly string[]
  /** Delete ended sessions now and then. Default true. */
  readonly prune?: boolean
  /** Where the first administrator is created; see `createSetup`. Default none. */
  readonly setup?: Setup
  /** Mails that are kept instead of sent, shown at `/dev/mail`: for development. Default none. */
  readonly mailbox?: Mailbox
  /** How the pages of accounts look; false leaves them out. Default: as the pages of Portcullis. */
  readonly pages?: PageOptions | false
  /** A registry of prom-client that requests are measured in. Default: they are not measured. */
  readonly metrics?: Registry
}

/** Bytes of a JSON body. */
const bodyLimit = 64 * 1024
/**
 * Builds the ready server, not listening: the library's plugin, and routes with users behind them.
 *
 * @throws {ConfigError} if no role grants `*`.
 */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { auth, docs = true, logger = false, logRequests = false, setup, mailbox } = options
  const { pages = {} } = options
  const { trustedProxies = { addresses: [], hops: 0 }, corsOrigins = [], prune = true } = options
  const logOptions = logger && {
    ...(logger === true ? {} : logger),
    serializers: { req: describeRequest, err: describeError },
  }
  // With a log of its own, an application waits for the end of every answer, to write a line about it.
  const log = logOptions && !logRequests ? Fastify({ logger: logOptions }).log : null
  const app = Fastify({
    ...(log ? { childLoggerFactory: createRequestLogs(log) } : { logger: logOptions }),
    logController: new LogController({ disableRequestLogging: !logRequests }),
    genReqId: createRequestIds(),
    bodyLimit,
    // FastAPI redirects there; a redirect of a login would send the password twice.
    routerOptions: { ignoreTrailingSlash: true },
    trustProxy: trustProxies(trustedProxies),
    ...listenerOptions,
    // A field of a body that the schema does not know, or that has another type, is a mistake of the
    // client: it is neither dropped nor made to fit.
    // The schemas are ours, and the compiler has checked them: not once more at each start.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, validateSchema: false } },
    forceCloseConnections: 'idle',
    // What arrives during shut-down is still served; else readiness could not say why it is 503.
    return503OnClosing: false,
  }).withTypeProvider<JsonSchemaToTsProvider>()
  if (log) app.log = log
  // Fastify reads text for everybody, which a schema would then refuse with words about objects.
  app.removeContentTypeParser('text/plain')
  const answerMissing = missingAnswers(rememberMethods(app))
  app.setNotFoundHandler(answerMissing)
  app.setErrorHandler((error: FastifyError, request, reply) =>
    // Where nothing is there is nothing wrong with the body either.
    request.is404 && Number(error?.statusCode) < 500
      ? answerMissing(request, reply)
      : answerOther(error, request, reply),
  )

  if (options.metrics) {
    const { requestMetrics } = await import('../metrics/request-metrics.ts')
    await app.register(requestMetrics, { registry: options.metrics })
  }
  addSecurityHeaders(app, auth.issuer)
  if (corsOrigins.length > 0) await allowOrigins(app, corsOrigins)
  let roleNames = auth.roles.names
  if (docs) {
    app.addHook('onReady', async () => {
      roleNames = await findRoleNames(auth)
    })
  }
  const { fields } = auth[internals]
  shapeFields(app, fields)
  const transform = documentAnswers(() => roleNames, fields)
  await app.register(portcullis, {
    auth,
    prune,
    pages,
    docs: docs && { title: 'Portcullis', version, description, transform },
  })
  addPermissions(auth.permissions)
  const guards = createGuards(auth)
  const administrator = guards.requireRole(...administrators(auth))
  await app.register(healthRoutes, { auth })
  const always = [statsRoutes, adminRoutes, adminAccountRoutes, userSessionRoutes, identityRoutes]
  await app.register(async (scope) => {
    limitRequests(scope)
    await scope.register(meRoutes, { auth, guards })
    for (const routes of [...always, eventRoutes]) {
      await scope.register(guarded(administrator, routes), { prefix: '/admin', auth, guards })
    }
    await registerAccounts(scope, { auth, guards, administrator, mailbox })
    if (setup) await scope.register(setupRoutes, { auth, setup, docs })
  })
  logEvents(app, auth)
  await app.register(frontRoutes, { auth, version, docs, ...(setup && { setup }) })
  return app
}

const description =
  'Log in with **Authorize**: type a username and a password. A method that the path does not have gets 405, with `Allow`.'

function administrators({ roles }: Auth): readonly [string, ...string[]] {
  const [first, ...others] = roles.administrative
  if (first === undefined) {
    throw new ConfigError(['One role must grant "*": nobody could administer users otherwise.'])
  }
  return [first, ...others]
}

/** Answers a request to which no route belongs: 405 where the path has other methods, and 404. */
function missingAnswers(allowedMethods: AllowedMethods) {
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const allowed = allowedMethods(request.url).join(', ')
    if (allowed === '') return sendProblem(reply, 404, 'There is nothing at this path.')
    return sendProblem(reply.header('allow', allowed), 405, `Use one of the methods ${allowed}.`)
  }
}

// What is no error of the library: that the plugin has answered, on every route after it.
function answerOther(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  // Whatever was thrown: it need not be an error.
  const { statusCode: status = 500 } = Object(error) as Partial<FastifyError>
  if (status < 500) {
    sendProblem(reply, status, error.message)
    return
  }
  request.log.error({ err: error }, 'request failed')
  sendProblem(reply, 500, 'The server made a mistake; it is logged.')
}
