import { answerError } from '../http/error-answers.ts'
import type { Guard } from '../http/guards/guard.ts'
import { toResponse } from './answer.ts'

/** Answers a request; what a framework passes on besides comes after it. */
export type WebHandler<Rest extends readonly unknown[] = readonly []> = (
  request: Request,
  ...rest: Rest
) => Promise<Response>

/**
 * Makes a handler that runs only for requests that the guard lets pass, and is given the guard's
 * value first. What the guard or the handler throws is answered as `application/problem+json` if it is an
 * error of this library: a refusal, or what `auth.users.create` throws for a taken username. Every other
 * error is passed on.
 */
export function secured<T, Rest extends readonly unknown[] = readonly []>(
  guard: Guard<T>,
  handler: (value: T, request: Request, ...rest: Rest) => Response | Promise<Response>,
): WebHandler<Rest> {
  return async (request, ...rest) => {
    try {
      return await handler(await guard(request), request, ...rest)
    } catch (error) {
      const refused = refusalResponse(error)
      if (refused === null) throw error
      return refused
    }
  }
}

/**
 * The answer to an error of this library, as `application/problem+json`: what a guard throws, or
 * `auth.users.create` in a route without a guard. Null for every other error.
 */
export function refusalResponse(error: unknown): Response | null {
  const answer = answerError(error)
  return answer && toResponse(answer)
}
