import type { FastifyInstance, RouteOptions } from 'fastify'
import { combine, type Guard, type GuardDocumentation, isGuard } from '../http/guard.ts'
import { guardsOfScope } from './guarded.ts'
import { handleRefusal } from './refusal-handler.ts'
import { guardOfHandler } from './secured.ts'

/** The name of the security scheme in the OpenAPI document. */
export const schemeName = 'OAuth2PasswordBearer'

/**
 * Finishes every guarded route as it is added: its guard runs before the body is read, its refusals
 * are answered alike everywhere, and its documentation follows from the guard.
 *
 * Runs for the HEAD twin of a GET route too.
 */
export function finishGuardedRoute(this: FastifyInstance, route: RouteOptions): void {
  const hooks = [route.onRequest ?? []].flat()
  const own = guardOfHandler(route.handler)
  const guards: Guard<unknown>[] = [
    ...guardsOfScope(this),
    ...hooks.filter(isGuard),
    ...(own ? [own] : []),
  ]
  if (guards.length === 0) return

  // The type of a hook depends on the route's generics, which are open here.
  if (own && !hooks.includes(own as never)) route.onRequest = [...hooks, own as never]
  route.errorHandler ??= handleRefusal
  const documentations = guards.map((guard) => guard.documentation)
  const documentation = combine(
    documentations,
    documentations.every((each) => each.optional),
  )
  // A new object: the HEAD twin shares the old one.
  route.schema = {
    ...route.schema,
    security: [
      ...(documentation.optional ? [{}] : []),
      { [schemeName]: [...documentation.scopes] },
    ],
    response: {
      // Any response given suppresses the default of the documentation.
      ...(route.schema?.response ?? { 200: { description: 'OK' } }),
      ...refusals(documentation, (route.schema?.response ?? {}) as object),
    },
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

function refusals({ scopes, conditions }: GuardDocumentation, documented: object): object {
  const needs = [
    ...conditions,
    ...(scopes.length > 0 ? [`the scope ${scopes.join(' ')}`] : []),
  ].join(', ')
  const answers: Record<number, object> = {
    401: {
      description: 'The access token is missing, invalid, expired or revoked',
      headers: { 'WWW-Authenticate': { type: 'string', description: 'RFC 6750 §3' } },
      content: problemContent,
    },
    ...(needs !== '' && {
      403: { description: `Requires ${needs}`, content: problemContent },
    }),
  }
  return Object.fromEntries(Object.entries(answers).filter(([code]) => !(code in documented)))
}
