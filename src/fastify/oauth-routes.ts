import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HTTPMethods,
} from 'fastify'
import { UnavailableError } from '../core/errors.ts'
import { refuseLarge, refuseUnreadable } from '../http/endpoints/refused-requests.ts'
import type { MountedEndpoint } from '../http/mounted-endpoint.ts'
import type { EndpointAnswer } from '../http/token-messages.ts'
import { refusesMethod } from './allowed-methods.ts'
import { bytesOf, readBodiesAsBytes } from './form-body.ts'
import { type DocumentInProgress, nameSchemas } from './named-schemas.ts'
import { logUnavailable } from './refusal-handler.ts'

interface OAuthRoutesOptions {
  readonly endpoints: readonly MountedEndpoint[]
  /** The security schemes of the document, any of which will do for a user. */
  readonly schemes: readonly string[]
}

/** Serves the endpoints in a scope of their own: its body parser is theirs. */
export async function oauthRoutes(
  scope: FastifyInstance,
  { endpoints, schemes }: OAuthRoutesOptions,
): Promise<void> {
  readBodiesAsBytes(scope)
  // The application's router may take both for one already.
  const { ignoreTrailingSlash: isSame = false } =
    scope.initialConfig.routerOptions ?? scope.initialConfig
  for (const each of endpoints) {
    const endpoint = each.sharesPath ? withSchemes(each, schemes) : each
    serve(scope, endpoint, endpoint.path)
    if (!isSame) serve(scope, endpoint, `${endpoint.path}/`)
  }
}

/** An endpoint of users, documented with every scheme that users come by. */
function withSchemes(endpoint: MountedEndpoint, schemes: readonly string[]): MountedEndpoint {
  if (endpoint.documentation === undefined) return endpoint
  const security = schemes.map((name) => ({ [name]: [] }))
  return { ...endpoint, documentation: { ...endpoint.documentation, security } }
}

/** A `transform` of `@fastify/swagger` for a route of ours. */
function nameRoute({ schema, url, ...route }: RouteInDocument): { schema: object; url: string } {
  return { schema: nameSchemas(schema, route), url }
}

type RouteInDocument = { readonly schema: object; readonly url: string } & DocumentInProgress

/**
 * Serves an endpoint, and every other method with 405 unless it shares its path. OPTIONS is left to the
 * application, for CORS, where the endpoint does not answer it.
 */
function serve(scope: FastifyInstance, endpoint: MountedEndpoint, url: string): void {
  const { methods, documentation } = endpoint
  const isDocumented = documentation !== undefined && url === endpoint.path
  const bodyLimit = endpoint.bodyLimit || undefined
  const others = scope.supportedMethods.filter(
    (each) => !methods.includes(each as 'GET') && each !== 'HEAD' && each !== 'OPTIONS',
  ) as HTTPMethods[]
  const route = {
    url,
    exposeHeadRoute: true,
    ...(bodyLimit && { bodyLimit }),
    // The endpoint judges the form itself, and its answers are plain: the application's compilers,
    // which may be for another kind of schema, have no part in it.
    validatorCompiler: () => () => true,
    serializerCompiler: () => JSON.stringify,
    // Nor has its `transform` of the documentation.
    config: { swaggerTransform: nameRoute } as object,
    errorHandler(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
      return send(reply, answerFailure(error, request, endpoint))
    },
    ...(endpoint.admit && { onRequest: admitWith(endpoint.admit, methods) }),
    async handler(request: FastifyRequest, reply: FastifyReply) {
      const answered = await endpoint.answer({
        method: request.method,
        query: request.url.split('?').slice(1).join('?'),
        guarded: request,
        header: (name) => request.headers[name] as string | undefined,
        // Fastify has read it, and has refused what is longer than the limit of the route.
        readBody: async () => bytesOf(request.body),
        address: request.ip,
        requestId: request.id,
        parameters: request.params as Readonly<Record<string, string>>,
      })
      logRefusal(request, answered)
      return send(reply, answered)
    },
  }
  const hidden = { hide: true } as object
  scope.route({ ...route, method: [...methods], schema: isDocumented ? documentation : hidden })
  if (endpoint.sharesPath) return
  const config = { ...route.config, [refusesMethod]: true } as object
  scope.route({ ...route, method: others, schema: hidden, config })
  if (endpoint.preflight) servePreflight(scope, url, endpoint.preflight)
}

/** Answers a preflight. What `@fastify/cors` of the application allows as well stays allowed. */
function servePreflight(
  scope: FastifyInstance,
  url: string,
  preflight: NonNullable<MountedEndpoint['preflight']>,
): void {
  scope.route({
    ...{ url, method: 'OPTIONS', schema: { hide: true } as object },
    config: { cors: { preflightContinue: true } } as object,
    async handler(request, reply) {
      const header = (name: string) => request.headers[name] as string | undefined
      const answered = await preflight({ header })
      return answered ? send(reply, answered) : reply.code(204).send()
    },
  })
}

/** Asks the guard of an endpoint before its body is read. */
function admitWith(
  admit: NonNullable<MountedEndpoint['admit']>,
  methods: MountedEndpoint['methods'],
) {
  return async (
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply | undefined> => {
    const refused = methods.includes(request.method as 'POST') ? await admit(request) : null
    if (refused === null) return undefined
    logRefusal(request, refused)
    return send(reply, refused)
  }
}

function answerFailure(
  error: FastifyError,
  request: FastifyRequest,
  { refusals, bodyLimit }: MountedEndpoint,
): EndpointAnswer {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuseLarge(refusals, bodyLimit)
  const { statusCode = 500 } = error
  if (statusCode < 500) return refuseUnreadable(refusals, statusCode)
  if (error instanceof UnavailableError) {
    const answered = refusals.answer(error)
    logRefusal(request, answered)
    return answered
  }
  request.log.error({ err: error }, 'an endpoint failed')
  return refusals.refuse(500, 'The server made a mistake; it is logged')
}

// What the client is not told: which refresh token was used twice, why the database did not answer.
function logRefusal(request: FastifyRequest, { refusal }: EndpointAnswer): void {
  if (refusal === undefined) return
  if (refusal instanceof UnavailableError) {
    logUnavailable(request, refusal)
    return
  }
  const { code, cause, message } = refusal
  request.log.info({ code, reason: cause instanceof Error ? cause.message : undefined }, message)
}

function send(
  reply: FastifyReply,
  { status, headers, cookies, body }: EndpointAnswer,
): FastifyReply {
  if (cookies !== undefined) reply.header('set-cookie', [...cookies])
  return reply.code(status).headers(headers).send(body)
}
