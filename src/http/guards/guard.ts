import type { MaybePromise } from '../../core/maybe-promise.ts'
import { mapAnswer } from '../../core/maybe-promise.ts'
import type { GuardedRequest } from '../bearer.ts'
import { BearerError } from '../refusal.ts'

/** What a guard says of itself, for the documentation of every route that it guards. */
export interface GuardDocumentation {
  /** The scopes it requires. Default none. */
  readonly scopes: readonly string[]
  /** A phrase for each other thing that it answers 403 for. Default none. */
  readonly conditions: readonly string[]
  /** True if it reads our credentials; false for a guard that reads none, or its own. Default false. */
  readonly authenticates: boolean
  /** True if a request without credentials passes. Default false. */
  readonly optional: boolean
}

/**
 * A function from a request to a value: what a dependency is in FastAPI. It rejects with a `Refusal`
 * or another error, and runs at most once per request however often it is called.
 *
 * A guard is also a valid Fastify `onRequest` hook.
 */
export interface Guard<out T> {
  /** The value, or a rejection with what the answer should be; run once per request. */
  (request: GuardedRequest): Promise<T>
  /** What the guard says of itself, for the OpenAPI document. */
  readonly documentation: GuardDocumentation
}

/** What a guard of yours says of itself. Default: no scopes, no conditions, no credentials. */
export type GuardOptions = Partial<GuardDocumentation>

/** What a guard yields, without a promise where it is known at once. */
type Evaluate<T> = (request: GuardedRequest) => MaybePromise<T>

const evaluators = new WeakMap<object, Evaluate<unknown>>()

/** Gives whoever extends it the object to put private fields on. */
class FieldsOf {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what it is for.
    return object
  }
}

/**
 * What the guards of a request have come to: each guard, and its outcome after it. In a private field
 * of the request, so that it goes with it, and nobody sees or forges it; in a `WeakMap` it would cost
 * ten times as much.
 */
class Outcomes extends FieldsOf {
  readonly #outcomes: unknown[] = []

  static of(request: object): unknown[] {
    if (!(#outcomes in request)) new Outcomes(request)
    return (request as Outcomes).#outcomes
  }
}

/** True if the value was made by `guard`, `refine`, `all` or `optional`. */
export function isGuard(value: unknown): value is Guard<unknown> {
  return typeof value === 'function' && evaluators.has(value)
}

/** Calls a guard without waiting for what is there already: a refusal is a promise that rejects. */
export function evaluate<T>(guard: Guard<T>, request: GuardedRequest): MaybePromise<T> {
  return evaluatorOf(guard)(request)
}

function evaluatorOf<T>(guard: Guard<T>): Evaluate<T> {
  // Kept by the guard that it is of.
  return (evaluators.get(guard) as Evaluate<T> | undefined) ?? guard
}

/** Makes a guard of a function from a request to a value. */
export function guard<T>(
  resolve: (request: GuardedRequest) => T | Promise<T>,
  options: GuardOptions = {},
): Guard<T> {
  function evaluate(request: GuardedRequest): MaybePromise<T> {
    const outcomes = Outcomes.of(request)
    for (let index = 0; index < outcomes.length; index += 2) {
      if (outcomes[index] === made) return outcomes[index + 1] as MaybePromise<T>
    }
    const outcome = attempt(resolve, request)
    outcomes.push(made, outcome)
    return outcome
  }

  const { scopes = [], conditions = [], authenticates = false, optional = false } = options
  const made: Guard<T> = Object.assign(async (request: GuardedRequest) => evaluate(request), {
    documentation: Object.freeze({
      scopes: Object.freeze([...scopes]),
      conditions: Object.freeze([...conditions]),
      authenticates,
      optional,
    }),
  })
  evaluators.set(made, evaluate)
  return made
}

/** A synchronous throw is a rejection too, and whatever can be awaited a promise. */
function attempt<T>(
  resolve: (request: GuardedRequest) => T | Promise<T>,
  request: GuardedRequest,
): MaybePromise<T> {
  try {
    const value = resolve(request)
    const { then } = Object(value) as { then?: unknown }
    return typeof then === 'function' ? Promise.resolve(value) : value
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Makes a guard that takes another one's value further: checks it, narrows it, or loads more. */
export function refine<P, T>(
  parent: Guard<P>,
  resolve: (value: P, request: GuardedRequest) => T | Promise<T>,
  options: GuardOptions = {},
): Guard<T> {
  const evaluateParent = evaluatorOf(parent)
  return guard(
    (request) => mapAnswer(evaluateParent(request), (value) => resolve(value, request)),
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
  const entries = Object.entries(parents).map(
    ([name, parent]) => [name, evaluatorOf(parent)] as const,
  )

  function collect(
    request: GuardedRequest,
    values: Record<string, unknown>,
    from: number,
  ): MaybePromise<Record<string, unknown>> {
    for (let index = from; index < entries.length; index++) {
      const [name, evaluate] = entries[index] as (typeof entries)[number]
      const value = evaluate(request)
      if (value instanceof Promise) {
        return value.then((resolved) => {
          values[name] = resolved
          return collect(request, values, index + 1)
        })
      }
      values[name] = value
    }
    return values
  }

  return guard(
    // Built from the entries of G, one value each.
    (request) => collect(request, {}, 0) as MaybePromise<Resolved<G>>,
    combine(Object.values(parents).map((parent) => parent.documentation)),
  )
}

/**
 * Makes a guard that yields null for a request without credentials, as FastAPI's
 * `auto_error=False` does. Credentials that are not valid are refused as ever: a client that sent
 * them wants to know.
 */
export function optional<T>(parent: Guard<T>): Guard<T | null> {
  const evaluateParent = evaluatorOf(parent)
  return guard<T | null>(
    (request) => {
      const value = evaluateParent(request)
      if (!(value instanceof Promise)) return value
      return value.catch((error: unknown) => {
        if (error instanceof BearerError && error.code === undefined) return null
        throw error
      })
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
