import type { IncomingHttpHeaders } from 'node:http'
import { BearerError } from './refusal.ts'

/** What a guard sees of a request. Fastify's, Node's and the web's all fit. */
export interface GuardedRequest {
  readonly headers: Headers | IncomingHttpHeaders
  /** The header lines as received, where the framework keeps them: Node drops repeated ones. */
  readonly rawHeaders?: readonly string[]
  readonly raw?: { readonly rawHeaders?: readonly string[] }
}

/** What a guard says of itself, for the documentation of every route that it guards. */
export interface GuardDocumentation {
  /** The scopes it requires. */
  readonly scopes: readonly string[]
  /** A phrase for each other thing that it answers 403 for. */
  readonly conditions: readonly string[]
  /** True if it reads credentials; false for a guard that anybody passes, or that has its own. */
  readonly authenticates: boolean
  /** True if a request without credentials passes. */
  readonly optional: boolean
}

/**
 * A function from a request to a value: what a dependency is in FastAPI. It rejects with a `Refusal`
 * or another error, and runs at most once per request however often it is called.
 *
 * A guard is also a valid Fastify `onRequest` hook.
 */
export interface Guard<out T> {
  (request: GuardedRequest): Promise<T>
  readonly documentation: GuardDocumentation
}

/** What a guard of yours says of itself. Default: no scopes, no conditions, no credentials. */
export type GuardOptions = Partial<GuardDocumentation>

const guards = new WeakSet<object>()

/** True if the value was made by `guard`, `refine`, `all` or `optional`. */
export function isGuard(value: unknown): value is Guard<unknown> {
  return typeof value === 'function' && guards.has(value)
}

/** Makes a guard of a function from a request to a value. */
export function guard<T>(
  resolve: (request: GuardedRequest) => T | Promise<T>,
  options: GuardOptions = {},
): Guard<T> {
  // By the request itself, so that the answer goes with it and no key can be forged.
  const resolved = new WeakMap<GuardedRequest, Promise<T>>()

  function run(request: GuardedRequest): Promise<T> {
    let result = resolved.get(request)
    if (result === undefined) {
      // In an async function, so that a synchronous throw is a rejection too.
      result = (async () => resolve(request))()
      resolved.set(request, result)
    }
    return result
  }

  const { scopes = [], conditions = [], authenticates = false, optional = false } = options
  const made = Object.assign(run, {
    documentation: Object.freeze({
      scopes: Object.freeze([...scopes]),
      conditions: Object.freeze([...conditions]),
      authenticates,
      optional,
    }),
  })
  guards.add(made)
  return made
}

/** Makes a guard that takes another one's value further: checks it, narrows it, or loads more. */
export function refine<P, T>(
  parent: Guard<P>,
  resolve: (value: P, request: GuardedRequest) => T | Promise<T>,
  options: GuardOptions = {},
): Guard<T> {
  return guard(
    async (request) => await resolve(await parent(request), request),
    combine([parent.documentation, { ...options, optional: parent.documentation.optional }]),
  )
}

/**
 * Makes one guard of several, with their values by name. They run one after the other, so the first
 * refusal is the answer. All must pass.
 */
export function all<const G extends Readonly<Record<string, Guard<unknown>>>>(
  parents: G,
): Guard<Resolved<G>> {
  const entries = Object.entries(parents)
  return guard(
    async (request) => {
      const values: Record<string, unknown> = {}
      for (const [name, parent] of entries) values[name] = await parent(request)
      // Built from the entries of G, one value each.
      return values as Resolved<G>
    },
    combine(entries.map(([, parent]) => parent.documentation)),
  )
}

/**
 * Makes a guard that yields null for a request without credentials, as FastAPI's
 * `auto_error=False` does. Credentials that are not valid are refused as ever: a client that sent
 * them wants to know.
 */
export function optional<T>(parent: Guard<T>): Guard<T | null> {
  return guard<T | null>(
    async (request) => {
      try {
        return await parent(request)
      } catch (error) {
        if (error instanceof BearerError && error.code === undefined) return null
        throw error
      }
    },
    { ...parent.documentation, optional: true },
  )
}

/** The type that a guard resolves to. */
export type GuardValue<G extends Guard<unknown>> = Awaited<ReturnType<G>>

/** The types that several guards resolve to, by name: what `all` yields. */
export type Resolved<G extends Readonly<Record<string, Guard<unknown>>>> = {
  -readonly [K in keyof G]: GuardValue<G[K]>
}

/** What several guards on one route say together. */
export function combine(documentations: readonly GuardOptions[]): GuardDocumentation {
  const collect = (key: 'scopes' | 'conditions'): string[] => [
    ...new Set(documentations.flatMap((documentation) => documentation[key] ?? [])),
  ]
  const authenticating = documentations.filter(({ authenticates }) => authenticates)
  return {
    scopes: collect('scopes'),
    conditions: collect('conditions'),
    authenticates: authenticating.length > 0,
    optional: authenticating.length > 0 && authenticating.every(({ optional }) => optional),
  }
}
