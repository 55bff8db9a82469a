import { type MaybePromise, mapAnswer } from '../../core/maybe-promise.ts'
import type { GuardedRequest } from '../bearer.ts'
import { BearerError } from '../refusal.ts'
import { combine, type GuardOptions } from './documentation.ts'
import { evaluatorOf, type Guard, guard, requireFunction } from './guard.ts'

/**
 * Makes a guard that takes another one's value further: checks it, narrows it, or loads more.
 *
 * @throws {TypeError} if it is given no guard, or no function.
 */
export function refine<P, T>(
  parent: Guard<P>,
  resolve: (value: P, request: GuardedRequest) => T | Promise<T>,
  options: GuardOptions = {},
): Guard<T> {
  const evaluateParent = evaluatorOf(parent)
  requireFunction(resolve, 'refine takes a guard and a function of its value.')
  return guard(
    (request) => mapAnswer(evaluateParent(request), (value) => resolve(value, request)),
    combine([parent.documentation, { ...options, optional: parent.documentation.optional }]),
  )
}

/**
 * Makes one guard of several, with their values by name. They run one after the other, so the first
 * refusal is the answer. All must pass.
 *
 * @throws {TypeError} if there is none: everybody would pass.
 */
export function all<const G extends Readonly<Record<string, Guard<unknown>>>>(
  parents: G,
): Guard<{ -readonly [Name in keyof G]: GuardValue<G[Name]> }> {
  // The answer is `Resolved`, written out: editors show the members of a type that has no name.
  const entries = Object.entries(parents).map(
    ([name, parent]) => [name, evaluatorOf(parent)] as const,
  )
  if (entries.length === 0) {
    throw new TypeError('all takes guards by name, such as all({ user: activeUser }): give one.')
  }

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
