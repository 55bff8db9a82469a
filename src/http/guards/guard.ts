import type { MaybePromise } from '../../core/maybe-promise.ts'
import type { GuardedRequest } from '../bearer.ts'
import type { GuardDocumentation, GuardOptions } from './documentation.ts'

/**
 * A function from a request to a value, like a dependency in FastAPI. It rejects with a `Refusal`
 * or another error. It runs once per request, however often it is called. If the request has a body, it
 * runs once more after the body: see `recheck`.
 *
 * If you call a guard, await it: otherwise it refuses nothing. Its refusal does not end the process.
 *
 * A guard is also a valid Fastify `onRequest` hook.
 */
export interface Guard<out T> {
  /** The value of a request; rejects if the request is refused. */
  (request: GuardedRequest): Promise<T>
  /** What the guard says of itself. */
  readonly documentation: GuardDocumentation
}

/** What a guard yields, without a promise where it is known at once. */
export type Evaluate<T> = (request: GuardedRequest) => MaybePromise<T>

/** Every guard that there is, with what it does. */
const evaluators = new WeakMap<object, Evaluate<unknown>>()

/** True if the value was made by `guard`, `refine`, `all` or `optional`. */
export function isGuard(value: unknown): value is Guard<unknown> {
  return typeof value === 'function' && evaluators.has(value)
}

/**
 * Returns a function that calls the guard without waiting for what is there already: a refusal is a
 * promise that rejects.
 *
 * @throws {TypeError} if it is no guard, such as `requireRole` without its parentheses.
 */
export function evaluatorOf<T>(guard: Guard<T>): Evaluate<T> {
  if (!isGuard(guard)) {
    throw new TypeError('A guard is needed here: make one with guard, refine, all or optional.')
  }
  // Kept by the guard that it is of.
  return evaluators.get(guard) as Evaluate<T>
}

/**
 * Makes a guard of a function from a request to a value.
 *
 * @throws {TypeError} if it is given no function.
 */
export function guard<T>(
  resolve: (request: GuardedRequest) => T | Promise<T>,
  options: GuardOptions = {},
): Guard<T> {
  requireFunction(resolve, 'guard takes a function from a request to a value.')
  function evaluate(request: GuardedRequest): MaybePromise<T> {
    const outcomes = Outcomes.of(request)
    for (let index = 0; index < outcomes.length; index += 2) {
      if (outcomes[index] === made) return outcomes[index + 1] as MaybePromise<T>
    }
    const outcome = attempt(resolve, request)
    outcomes.push(made, outcome)
    return outcome
  }

  function run(request: GuardedRequest): Promise<T> {
    const outcome = evaluate(request)
    if (!(outcome instanceof Promise)) return Promise.resolve(outcome)
    // Nobody may be able to end the process where an `await` was forgotten.
    outcome.catch(() => {})
    return outcome
  }

  const { scopes = [], conditions = [], authenticates = false, optional = false } = options
  const { compatibility, maxAge, acrValues, refusesApiKeys } = options
  const made: Guard<T> = Object.assign(run, {
    documentation: Object.freeze({
      scopes: Object.freeze([...scopes]),
      conditions: Object.freeze([...conditions]),
      authenticates,
      optional,
      ...(maxAge !== undefined && { maxAge }),
      ...(refusesApiKeys && { refusesApiKeys }),
      ...(acrValues && { acrValues: Object.freeze([...acrValues]) }),
      ...(compatibility && { compatibility }),
    }),
  })
  evaluators.set(made, evaluate)
  return made
}

/** What `secured` of every framework says without its handler. */
export const noHandler = 'secured takes a guard and a handler: secured(guard, (value, …) => …).'

/** @throws {TypeError} at start, where the first request would be the first to notice. */
export function requireFunction(value: unknown, otherwise: string): void {
  if (typeof value !== 'function') throw new TypeError(otherwise)
}

/** Turns a synchronous throw into a rejection, and anything that can be awaited into a promise. */
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

/** Lets a subclass put its private fields on the given object. */
class FieldsOf {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what it is for.
    return object
  }
}

/**
 * The outcomes of a request's guards: each guard, followed by its outcome. A private field of the
 * request holds them, so they are freed with it, and no other code can read or forge them. A `WeakMap`
 * would double the cost of a guard.
 */
class Outcomes extends FieldsOf {
  #outcomes: unknown[] = []

  static of(request: object): unknown[] {
    if (!(#outcomes in request)) new Outcomes(request)
    return (request as Outcomes).#outcomes
  }

  static has(request: object): boolean {
    return #outcomes in request
  }

  /** Forgets them, and returns them. */
  static take(request: object): readonly unknown[] {
    if (!(#outcomes in request)) return []
    const outcomes = request.#outcomes
    request.#outcomes = []
    return outcomes
  }
}

/** True if a guard has run for the request. */
export function isGuarded(request: GuardedRequest): boolean {
  return Outcomes.has(request)
}

/**
 * Asks every guard again that has let this request pass, and rejects as soon as one refuses it now.
 * Afterwards a guard yields its newer value.
 *
 * Call it when you have waited between a guard and the work it guards, above all where you read a body
 * yourself. The body may come minutes later, and the user may be inactive then. The plugin for Fastify,
 * and `secured` everywhere, do it themselves.
 *
 * @throws {Refusal} or any other error that a guard rejects with.
 */
export async function recheck(request: GuardedRequest): Promise<void> {
  const outcomes = Outcomes.take(request)
  for (let index = 0; index < outcomes.length; index += 2) {
    // One that had refused did not stop the request: `optional` made something of that, or the route.
    const hadPassed = await Promise.resolve(outcomes[index + 1]).then(
      () => true,
      () => false,
    )
    if (hadPassed) await (outcomes[index] as Guard<unknown>)(request)
  }
}
