import type { Guard } from '../http/guards/guard.ts'
import { answerRefusal, toResponse } from './answer.ts'

/** Answers a request; what a framework passes on besides comes after it. */
export type WebHandler<Rest extends readonly unknown[] = readonly []> = (
  request: Request,
  ...rest: Rest
) => Promise<Response>

/**
 * Makes a handler that runs only for requests that the guard lets pass, and is given the guard's
 * value first. Refusals are answered as `application/problem+json`; every other error is passed on.
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

/** The answer to what a guard throws; null for an error that is no refusal. */
export function refusalResponse(error: unknown): Response | null {
  const answer = answerRefusal(error)
  return answer && toResponse(answer)
}
