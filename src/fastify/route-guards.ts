import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import type { GuardedRequest } from '../http/bearer.ts'
import {
  combine,
  evaluate,
  type Guard,
  type GuardDocumentation,
  isGuard,
} from '../http/guards/guard.ts'
import { guardsOfScope } from './guarded.ts'
import { guardOfHandler } from './secured.ts'

/** The name of the security scheme in the OpenAPI document. */
export const schemeName = 'OAuth2PasswordBearer'

/** Where a route's configuration keeps what its guards say together. */
const documentationKey: unique symbol = Symbol('portcullis.documentation')

type RouteConfig = { [documentationKey]?: GuardDocumentation }

/**
 * Finishes every guarded route as it is added: its guard runs before the body is read, and it remembers
 * what its guards say.
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

  if (own) {
    const hook = hookOf(own)
    // The type of a hook depends on the route's generics, which are open here.
    if (!hooks.includes(hook as never)) route.onRequest = [...hooks, hook as never]
  }
  const documentation = combine(guards.map((guard) => guard.documentation))
  // A new object: the HEAD twin shares the old one.
  const config: object = { ...route.config, [documentationKey]: documentation }
  // The type of a route's configuration leaves no room for what plugins add.
  route.config = config as NonNullable<typeof route.config>
}

type Hook = (request: GuardedRequest, reply: unknown, done: (error?: Error) => void) => void

const hookOfGuard = new WeakMap<object, Hook>()

/** A guard as a hook that goes on at once where the guard knows at once, without a promise. */
function hookOf(guard: Guard<unknown>): Hook {
  let hook = hookOfGuard.get(guard)
  if (hook === undefined) {
    hook = (request, _reply, done) => {
      const value = evaluate(guard, request)
      if (value instanceof Promise) value.then(() => done(), done)
      else done()
    }
    hookOfGuard.set(guard, hook)
  }
  return hook
}

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
  const documentation = (route.config as RouteConfig | undefined)?.[documentationKey]
  if (documentation === undefined) return { schema: schema ?? {}, url }
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
        ...refusals(documentation, documented),
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

function refusals(
  { authenticates, scopes, conditions }: GuardDocumentation,
  documented: object,
): object {
  const needs = [
    ...conditions,
    ...(scopes.length > 0 ? [`the scope ${scopes.join(' ')}`] : []),
  ].join(', ')
  const answers: Record<number, object> = {
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
  return Object.fromEntries(Object.entries(answers).filter(([code]) => !(code in documented)))
}
