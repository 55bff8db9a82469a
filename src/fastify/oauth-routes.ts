import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Auth } from '../core/auth.ts'
import { UnavailableError } from '../core/errors.ts'
import { jwksMaxAge } from '../core/keys/lifecycle.ts'
import { createIntrospectionEndpoint } from '../http/endpoints/introspection.ts'
import { createMetadata, metadataPath } from '../http/endpoints/metadata.ts'
import { createRevocationEndpoint } from '../http/endpoints/revocation.ts'
import { createTokenEndpoint, refuseToken, type TokenEndpoint } from '../http/endpoints/token.ts'
import { formMaxBytes } from '../http/form.ts'
import { errorBody, refuseRequest, type TokenAnswer, tokenHeaders } from '../http/token-messages.ts'
import { bytesOf, readBodiesAsBytes } from './form-body.ts'
import {
  introspectionDocumentation,
  revocationDocumentation,
  tokenDocumentation,
} from './oauth-documentation.ts'
import { logUnavailable } from './refusal-handler.ts'

/** Where the OAuth endpoints are. */
export interface OAuthPaths {
  readonly token: string
  readonly revocation: string
  readonly introspection: string
}

const jwksPath = '/.well-known/jwks.json'

/** Serves the OAuth endpoints in a scope of their own: its body parser and error form are theirs. */
export async function oauthRoutes(
  scope: FastifyInstance,
  { auth, paths }: { auth: Auth; paths: OAuthPaths },
): Promise<void> {
  readBodiesAsBytes(scope)
  scope.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      return send(reply, refuseRequest(413, `The body must have at most ${formMaxBytes} bytes`))
    }
    if ((error.statusCode ?? 500) < 500) {
      return send(
        reply,
        refuseRequest(error.statusCode ?? 400, 'The request body could not be read'),
      )
    }
    if (error instanceof UnavailableError) {
      const answered = refuseToken(error)
      logRefusal(request, answered)
      return send(reply, answered)
    }
    request.log.error({ err: error }, 'an OAuth endpoint failed')
    return send(reply, {
      status: 500,
      headers: tokenHeaders,
      body: errorBody('server_error', 'The server made a mistake; it is logged'),
    })
  })

  serveForms(scope, paths.token, tokenDocumentation, createTokenEndpoint(auth))
  serveForms(scope, paths.revocation, revocationDocumentation, createRevocationEndpoint(auth))
  serveForms(
    scope,
    paths.introspection,
    introspectionDocumentation,
    createIntrospectionEndpoint(auth),
  )

  // RFC 7517 §5. A new key is published ahead for longer than verifiers elsewhere may keep this.
  scope.get(jwksPath, { schema: { hide: true } as object }, async (_request, reply) => {
    await auth.keys.update()
    return reply.header('cache-control', `public, max-age=${jwksMaxAge}`).send(auth.keys.publicJwks)
  })
  const path = metadataPath(auth.issuer)
  if (path !== null) {
    const endpoints = {
      token: scope.prefix + paths.token,
      revocation: scope.prefix + paths.revocation,
      introspection: scope.prefix + paths.introspection,
      jwks: scope.prefix + jwksPath,
    }
    scope.get(path, { schema: { hide: true } as object }, async () =>
      createMetadata(auth, endpoints),
    )
  }
}

function serveForms(
  scope: FastifyInstance,
  path: string,
  schema: object,
  answer: TokenEndpoint,
): void {
  scope.post(
    path,
    {
      schema,
      bodyLimit: formMaxBytes,
      // The endpoint judges the form itself, and its answers are plain: the application's compilers,
      // which may be for another kind of schema, have no part in it.
      validatorCompiler: () => () => true,
      serializerCompiler: () => JSON.stringify,
      // Nor has its `transform` of the documentation.
      config: { swaggerTransform: false } as object,
    },
    async (request, reply) => {
      if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
        return send(reply, refuseRequest(415, 'Send the form without a content encoding'))
      }
      const answered = await answer({
        contentType: request.headers['content-type'],
        authorization: request.headers.authorization,
        body: bytesOf(request.body),
        userAgent: request.headers['user-agent'],
        address: request.ip,
        requestId: request.id,
      })
      logRefusal(request, answered)
      return send(reply, answered)
    },
  )
  scope.route({
    method: ['GET', 'PUT', 'PATCH', 'DELETE'],
    url: path,
    schema: { hide: true } as object,
    handler: async (_request, reply) => {
      const answered = refuseRequest(405, 'Use POST')
      return send(reply, { ...answered, headers: { ...answered.headers, allow: 'POST' } })
    },
  })
}

// What the client is not told: which refresh token was used twice, why the database did not answer.
function logRefusal(request: FastifyRequest, { refusal }: TokenAnswer): void {
  if (refusal === undefined) return
  if (refusal instanceof UnavailableError) {
    logUnavailable(request, refusal)
    return
  }
  const { code, cause, message } = refusal
  request.log.info({ code, reason: cause instanceof Error ? cause.message : undefined }, message)
}

function send(reply: FastifyReply, { status, headers, body }: TokenAnswer): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}
