import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import type { Auth } from '../core/auth.ts'
import { formMaxBytes } from '../http/form.ts'
import {
  createTokenEndpoint,
  errorBody,
  type TokenAnswer,
  tokenHeaders,
} from '../http/token-endpoint.ts'
import { bytesOf, readBodiesAsBytes } from './form-body.ts'

/** Serves the token endpoint in a scope of its own: its body parser and error form are its alone. */
export async function tokenRoute(
  scope: FastifyInstance,
  { auth, tokenPath }: { auth: Auth; tokenPath: string },
): Promise<void> {
  const answer = createTokenEndpoint(auth)

  readBodiesAsBytes(scope)
  scope.setErrorHandler<FastifyError>((error, request, reply) => {
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      return send(reply, refusal(413, `The body must have at most ${formMaxBytes} bytes`))
    }
    if ((error.statusCode ?? 500) < 500) {
      return send(reply, refusal(error.statusCode ?? 400, 'The request body could not be read'))
    }
    request.log.error({ err: error }, 'token endpoint failed')
    return send(reply, {
      status: 500,
      headers: tokenHeaders,
      body: errorBody('server_error', 'The server made a mistake; it is logged'),
    })
  })

  scope.post(
    tokenPath,
    { schema: documentation, validatorCompiler: () => () => true, bodyLimit: formMaxBytes },
    async (request, reply) =>
      send(
        reply,
        await answer({
          contentType: request.headers['content-type'],
          authorization: request.headers.authorization,
          body: bytesOf(request.body),
        }),
      ),
  )
  scope.route({
    method: ['GET', 'PUT', 'PATCH', 'DELETE'],
    url: tokenPath,
    schema: { hide: true } as object,
    handler: async (_request, reply) => {
      const answered = refusal(405, 'Use POST')
      return send(reply, { ...answered, headers: { ...answered.headers, allow: 'POST' } })
    },
  })
}

function refusal(status: number, description: string): TokenAnswer {
  return { status, headers: tokenHeaders, body: errorBody('invalid_request', description) }
}

function send(reply: FastifyReply, { status, headers, body }: TokenAnswer): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}

const text = { type: 'string' } as const

const tokenError = (description: string): object => ({
  description,
  type: 'object',
  properties: { error: text, error_description: text, detail: text },
})

const documentation = {
  tags: ['auth'],
  summary: 'Log in',
  description:
    'The password grant of OAuth 2.0 (RFC 6749 §4.3), for the first-party front ends of this API. Asked for no scope, it grants all that the role of the user does.',
  consumes: ['application/x-www-form-urlencoded'],
  body: {
    type: 'object',
    required: ['username', 'password'],
    properties: {
      grant_type: { type: 'string', enum: ['password'], default: 'password' },
      username: text,
      password: { type: 'string', format: 'password' },
      scope: { type: 'string', description: 'Space-delimited; fewer than the role grants' },
      client_id: text,
      client_secret: { type: 'string', format: 'password' },
    },
  },
  response: {
    200: {
      description: 'An access token',
      type: 'object',
      properties: {
        access_token: text,
        token_type: text,
        expires_in: { type: 'integer', description: 'Seconds' },
        scope: text,
      },
    },
    400: tokenError('The request is malformed'),
    401: tokenError('Incorrect username or password'),
    503: tokenError('Too many logins at once; see Retry-After'),
  },
}
