import type { FastifySchema } from 'fastify'
import {
  apiKeySchemeName,
  combine,
  type GuardDocumentation,
  schemeName,
  unauthenticated,
} from '../http/guards/documentation.ts'
import { documentRefusal } from '../http/refusal-documentation.ts'
import { detailSchema, refusalsLikeFastApi } from './fastapi-documentation.ts'
import { nameSchemas } from './named-schemas.ts'
import { guardsOf } from './route-guards.ts'

export { apiKeySchemeName, schemeName } from '../http/guards/documentation.ts'

/** What `@fastify/swagger` gives its `transform` of a route, as far as it is needed here. */
export interface DocumentedRoute {
  /** The schema of the route, as it was written. */
  readonly schema: FastifySchema | undefined
  /** The pattern of the path. */
  readonly url: string
  /** The options of the route. */
  readonly route: { readonly config?: unknown }
  /** The document, where it is OpenAPI: its components hold the schema of a refusal. */
  readonly openapiObject?: unknown
}

/**
 * Writes into a route's documentation what its guards say: the lock, the scopes, 401, 403 and 503. It is a
 * `transform` of `@fastify/swagger`, for an application that registers that itself. Only the document
 * changes: the route's own schema stays as it was written.
 *
 * Swagger passes the route alone; `schemes`, our own login by default, are alternatives.
 */
export function documentGuards<Route extends DocumentedRoute>(
  { schema, url, route, openapiObject }: Route,
  schemes: readonly string[] = [schemeName],
): { schema: FastifySchema; url: string } {
  const guards = guardsOf(Object(route.config))
  if (guards.length === 0) return { schema: schema ?? {}, url }
  const documentation = combine(guards.map((guard) => guard.documentation))
  const { authenticates, optional, scopes, refusesApiKeys } = documentation
  const fit = schemes.filter((name) => name !== apiKeySchemeName || !refusesApiKeys)
  const documented = (schema?.response ?? {}) as object
  return {
    schema: {
      ...schema,
      ...(authenticates && {
        security: [
          ...(optional ? [{}] : []),
          // Any one of them will do. The scopes are ours; another issuer's have names of its own.
          ...fit.map((name) => ({ [name]: name === schemeName ? [...scopes] : [] })),
        ],
      }),
      response: {
        // Any response given suppresses the default of the documentation.
        ...(schema?.response ?? { 200: { description: 'OK' } }),
        ...nameSchemas(refusals(documentation, documented), { openapiObject }),
      },
    },
    url,
  }
}

/** The refusals of a guarded route, by status; what the route documents itself stays. */
function refusals(documentation: GuardDocumentation, documented: object): object {
  const likeFastApi = documentation.compatibility !== undefined
  const texts = likeFastApi ? refusalsLikeFastApi(documentation) : usualRefusals(documentation)
  return Object.fromEntries(
    Object.entries(texts)
      .filter(([code]) => !(code in documented))
      .map(([code, text]) => [
        code,
        likeFastApi
          ? documentRefusal(Number(code), text, 'application/json', detailSchema)
          : documentRefusal(Number(code), text),
      ]),
  )
}

function usualRefusals({
  authenticates,
  scopes,
  conditions,
  maxAge,
  acrValues,
}: GuardDocumentation): Record<number, string> {
  const needs = [
    ...conditions,
    ...(scopes.length > 0 ? [`the scope ${scopes.join(' ')}`] : []),
  ].join(', ')
  return {
    ...(authenticates && { 401: unauthenticated({ maxAge, acrValues }) }),
    ...(needs !== '' && { 403: `Requires ${needs}` }),
    ...(authenticates && { 503: 'The access token cannot be checked now; see Retry-After' }),
  }
}
