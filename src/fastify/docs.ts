import swagger from '@fastify/swagger'
import type {
  FastifyInstance,
  FastifyPluginAsync,
  FastifySchema,
  onSendHookHandler,
  RouteOptions,
} from 'fastify'
import type { Auth } from '../core/auth.ts'
import { docsClientId, isBuiltIn } from '../core/clients/registration.ts'
import { UnavailableError } from '../core/errors.ts'
import { internals } from '../core/internals.ts'
import type { ResourceServer } from '../core/issuers/resource-server.ts'
import { callback, type ShapesOf, text, texts } from '../core/options.ts'
import { authorizationPath } from '../http/endpoints/hosted-endpoints.ts'
import { outerPath, path } from '../http/endpoints/mount.ts'
import { docsTheme } from './docs-theme.ts'
import { apiKeySchemeName, documentGuards, schemeName } from './guard-documentation.ts'
import { schemesOf } from './issuer-schemes.ts'
import { serveSwaggerUi } from './swagger-ui.ts'

/** The OpenAPI document and Swagger UI. */
export interface DocsOptions {
  /** Where Swagger UI is, below the prefix. Default `/docs`. */
  readonly path?: string
  /** The title of the document. Default `API`. */
  readonly title?: string
  /** The version of your API. Default `1.0.0`. */
  readonly version?: string
  /** Text about the API, in Markdown. Default: none. */
  readonly description?: string
  /**
   * A `transform` of `@fastify/swagger` that runs before ours, for schemas that are no JSON Schema,
   * such as zod's. Default: none.
   */
  readonly transform?: SwaggerTransform
  /**
   * More origins that Swagger UI may call. It may always call this one and those of the issuers'
   * metadata. Name the origin of an issuer's token endpoint here if it is elsewhere. Default none.
   */
  readonly connectTo?: readonly string[]
}

/** What each of them has to be. */
export const docsShapes: ShapesOf<DocsOptions> = {
  path,
  title: text,
  version: text,
  description: text,
  transform: callback,
  connectTo: texts,
}

/** The option `transform` of `@fastify/swagger`. */
type SwaggerTransform = (route: {
  readonly schema: FastifySchema
  readonly url: string
  readonly route: RouteOptions
  readonly openapiObject: object
}) => { schema: FastifySchema; url: string }

// What a route's schema says for the document. That of `@fastify/swagger`, whose types an application need not have.
declare module 'fastify' {
  interface FastifySchema {
    hide?: boolean
    deprecated?: boolean
    tags?: readonly string[]
    description?: string
    summary?: string
    consumes?: readonly string[]
    produces?: readonly string[]
    security?: ReadonlyArray<{ [securityLabel: string]: readonly string[] }>
    operationId?: string
  }
}

/**
 * Swagger UI may load its own files and call this server. A policy that turns every http URL into https
 * would leave the page blank on a server without TLS.
 */
function contentSecurityPolicy(origins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    ["connect-src 'self'", ...new Set(origins)].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/**
 * The OpenAPI security scheme of the token endpoint, with every permission that is known so far.
 *
 * @param withClients Also the form for clients that act for themselves (RFC 6749 §4.4). Default false.
 */
export function securityScheme(auth: Auth, tokenPath: string, withClients = false): object {
  return schemeFor(auth, tokenPath, withClients ? 'acting' : 'registered')
}

/** The scheme of API keys: they are sent as access tokens are (RFC 6750 §2.1). */
const apiKeyScheme = {
  type: 'http',
  scheme: 'bearer',
  description: 'An API key, for programs. A logged-in user makes one with `POST /me/keys`.',
}

/** Which clients there are: none, some, or some that act for themselves as well. */
type Clients = 'none' | 'registered' | 'acting'

/** What is said of a login by browser, before what is said of the others. */
const byBrowser =
  'Log in on the login page, without a client secret (authorizationCode). Or here: l'

const descriptions: Readonly<Record<Clients, string>> = {
  none: 'Log in with username and password.',
  registered: 'Log in with username and password. Leave the client fields empty.',
  acting:
    'Log in with username and password, and leave the client fields empty; or, as a client that acts for itself, with its id and secret.',
}

function schemeFor(
  auth: Auth,
  tokenPath: string,
  clients: Clients,
  authorizationPath: string | null = null,
): object {
  // One each: a YAML document would refer from one to the other.
  const flow = (): object => ({ tokenUrl: tokenPath, scopes: auth.permissions.describe() })
  const isHosted = authorizationPath !== null
  return {
    type: 'oauth2',
    description: isHosted ? byBrowser + descriptions[clients].slice(1) : descriptions[clients],
    flows: {
      ...(isHosted && { authorizationCode: { authorizationUrl: authorizationPath, ...flow() } }),
      password: flow(),
      ...(clients === 'acting' && { clientCredentials: flow() }),
    },
  }
}

/**
 * Serves the OpenAPI document at `/openapi.json` and Swagger UI, with its files, below the prefix:
 * nothing is loaded from elsewhere.
 */
export async function registerDocs(
  app: FastifyInstance,
  auth: Auth | ResourceServer,
  { prefix, tokenPath }: { readonly prefix: string; readonly tokenPath: string },
  options: DocsOptions,
): Promise<void> {
  const { path = '/docs', title = 'API', version = '1.0.0', description = '', transform } = options
  const { own, others } = schemesOf(auth)
  const schemes = [...own, ...others.map(({ name }) => name)]
  const fullPrefix = app.prefix + prefix
  const outer = internals in auth ? outerPath(auth.issuer, fullPrefix) : ''
  const tokenUrl = outer + fullPrefix + tokenPath
  const isHosted = internals in auth && auth[internals].hosted !== null
  const authorizationUrl = isHosted ? outer + fullPrefix + authorizationPath : null
  if (isHosted) {
    const { origin } = new URL(auth.issuer)
    const page = `${origin}${outer}${fullPrefix}${path}`
    auth[internals].documentedAt(`${page}/static/oauth2-redirect.html`)
  }
  // Asked once: a client that is registered later has its fields after the next start.
  let clients: Clients = 'none'
  app.addHook('onReady', async () => {
    if (internals in auth) clients = await findClients(auth)
  })
  const components = (): object => ({
    securitySchemes: {
      ...(internals in auth && {
        [schemeName]: schemeFor(auth, tokenUrl, clients, authorizationUrl),
      }),
      ...(own.includes(apiKeySchemeName) && { [apiKeySchemeName]: apiKeyScheme }),
      ...Object.fromEntries(others.map(({ name, scheme }) => [name, scheme])),
    },
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version, description },
      components: components(),
      ...(outer !== '' && { servers: [{ url: outer }] }),
    },
    refResolver: { buildLocalReference: componentName },
    transform: (route) =>
      documentGuards(
        transform && 'openapiObject' in route ? { ...route, ...transform(route) } : route,
        schemes,
      ),
    // Again when the document is asked for: by then every guard has made its permissions known.
    transformObject: (document) => {
      const openapi = 'openapiObject' in document ? document.openapiObject : {}
      return { ...openapi, components: { ...openapi.components, ...components() } }
    },
  })
  const swaggerUi: FastifyPluginAsync = async (scope) => {
    if (others.length > 0 || isHosted) scope.addHook('onSend', keepOpener)
    serveSwaggerUi(scope, {
      publicPath: outer + fullPrefix + path,
      title,
      contentSecurityPolicy: contentSecurityPolicy([
        ...others.flatMap(({ origins }) => origins),
        ...(options.connectTo ?? []),
      ]),
      theme: docsTheme({
        hasClientFields: () => clients !== 'none',
        byBrowser: isHosted ? { scheme: schemeName, clientId: docsClientId } : null,
      }),
    })
  }
  await app.register(swaggerUi, { prefix: prefix + path })
  app.get(`${prefix}/openapi.json`, { schema: { hide: true } as object }, () => app.swagger())
}

/** The key in the components of a schema that the application added: its `$id`, where that can be one. */
function componentName(
  schema: { readonly $id?: unknown; title?: unknown },
  _uri: unknown,
  _fragment: unknown,
  index: number,
): string {
  const { $id } = schema
  if (typeof $id !== 'string') return `def-${index}`
  // OpenAPI 3.1 §4.8.7.1.
  if (/^[\w.-]+$/.test($id)) return $id
  schema.title ??= $id
  return `def-${index}`
}

/** Which clients are registered. None while the database does not answer. */
async function findClients(auth: Auth): Promise<Clients> {
  try {
    const all = await auth.clients.list()
    const registered = all.filter(({ id }) => !isBuiltIn(id))
    if (registered.length === 0) return 'none'
    const acts = registered.some(({ grants }) => grants.includes('client_credentials'))
    return acts ? 'acting' : 'registered'
  } catch (error) {
    if (error instanceof UnavailableError) return 'none'
    throw error
  }
}

/**
 * Another issuer is a window of its own, which comes back to a page here, and that page must find the one
 * that opened it. Helmet's `same-origin` would part them.
 */
const keepOpener: onSendHookHandler = (request, reply, _payload, done) => {
  const isBack = request.url.split('?', 1)[0]?.endsWith('/oauth2-redirect.html')
  reply.header('cross-origin-opener-policy', isBack ? 'unsafe-none' : 'same-origin-allow-popups')
  done()
}
