import type { FastifySchema } from 'fastify'
import { combine, type GuardDocumentation } from '../http/guards/documentation.ts'
import { refusalsLikeFastApi } from './fastapi-documentation.ts'
import { guardsOf } from './route-guards.ts'

/** The name of the security scheme in the OpenAPI document. */
export const schemeName = 'OAuth2PasswordBearer'

/** What `@fastify/swagger` gives its `transform` of a route, as far as it is needed here. */
export interface DocumentedRoute {
  /** The schema of the route, as it was written. */
  readonly schema: FastifySchema | undefined
  /** The pattern of the path. */
  readonly url: string
  /** The options of the route. */
  readonly route: { readonly config?: unknown }
}

/**
 * Writes into a route's documentation what its guards say: the lock, the scopes, 401 and 403. It is a
 * `transform` of `@fastify/swagger`, for an application that registers that itself. Only the document
 * changes: the route's own schema stays as it was written.
 *
 * Swagger passes the route alone; `schemes`, our own login by default, are alternatives.
 */
export function documentGuards<Route extends DocumentedRoute>(
  { schema, url, route }: Route,
  schemes: readonly string[] = [schemeName],
): { schema: FastifySchema; url: string } {
  const guards = guardsOf(Object(route.config))
  if (guards.length === 0) return { schema: schema ?? {}, url }
  const documentation = combine(guards.map((guard) => guard.documentation))
  const { authenticates, optional, scopes } = documentation
  const documented = (schema?.response ?? {}) as object
  return {
    schema: {
      ...schema,
      ...(authenticates && {
        security: [
          ...(optional ? [{}] : []),
          // Any one of them will do. The scopes are ours; another issuer's have names of its own.
          ...schemes.map((name) => ({ [name]: name === schemeName ? [...scopes] : [] })),
        ],
      }),
      response: {
        // Any response given suppresses the default of the documentation.
        ...(schema?.response ?? { 200: { description: 'OK' } }),
        ...withoutOwn(
          (documentation.compatibility ? refusalsLikeFastApi : refusals)(documentation),
          documented,
        ),
      },
    },
    url,
  }
}

const problemContent = {
  'application/problem+json': {
    schema: {
      type: 'object',
      properties: {
        type: { type: 'string', examples: ['about:blank'] },
        title: { type: 'string' },
        status: { type: 'integer' },
        detail: { type: 'string' },
      },
    },
  },
}

/** What the route documents itself stays. */
function withoutOwn(answers: object, documented: object): object {
  return Object.fromEntries(Object.entries(answers).filter(([code]) => !(code in documented)))
}

function refusals({ authenticates, scopes, conditions }: GuardDocumentation): object {
  const needs = [
    ...conditions,
    ...(scopes.length > 0 ? [`the scope ${scopes.join(' ')}`] : []),
  ].join(', ')
  return {
    ...(authenticates && {
      401: {
        description: 'The access token is missing, invalid, expired or revoked',
        headers: { 'WWW-Authenticate': { type: 'string', description: 'RFC 6750 §3' } },
        content: problemContent,
      },
    }),
    ...(needs !== '' && {
      403: { description: `Requires ${needs}`, content: problemContent },
    }),
  }
}
