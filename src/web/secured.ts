import { type AnswerStyle, answerError } from '../http/error-answers.ts'
import { evaluatorOf, type Guard, noHandler, requireFunction } from '../http/guards/guard.ts'
import { recheckAfterBody } from '../http/guards/request-body.ts'
import { toResponse } from './answer.ts'

/** Answers a request. Further arguments of a framework come after it. */
export type WebHandler<Rest extends readonly unknown[] = readonly []> = (
  request: Request,
  ...rest: Rest
) => Promise<Response>

/**
 * Makes a handler that runs only for requests that the guard lets pass, and is given the guard's value
 * first. It answers an error of this library as `application/problem+json`, such as a guard's refusal
 * or a taken username in `auth.users.create`. Every other error is passed on.
 *
 * Reading the body rejects if the guard no longer lets the request pass once the body is there. The
 * handler keeps the first value: ask the guard again for the newer one.
 *
 * @throws {TypeError} if it is given no guard, such as a function that returns one.
 */
export function secured<T, Rest extends readonly unknown[] = readonly []>(
  guard: Guard<T>,
  handler: (value: T, request: Request, ...rest: Rest) => Response | Promise<Response>,
): WebHandler<Rest> {
  evaluatorOf(guard)
  requireFunction(handler, noHandler)
  return (request, ...rest) =>
    answerGuarded(guard, request, (value) => handler(value, request, ...rest))
}

/** Answers a request that a guard lets pass. A refusal, of the guard or the handler, is an answer too. */
export async function answerGuarded<T>(
  guard: Guard<T>,
  request: Request,
  answer: (value: T) => Response | Promise<Response>,
): Promise<Response> {
  try {
    const value = await guard(request)
    recheckAfterBody(request)
    return unstored(await answer(value))
  } catch (error) {
    const refused = refusalResponse(error, guard.documentation)
    if (refused === null) throw error
    return unstored(refused)
  }
}

/**
 * The answer to an error of this library, as `application/problem+json`: what a guard throws, or
 * `auth.users.create` in a route without a guard. Null for every other error.
 *
 * With `compatibility` pass the `Auth`, or `guard.documentation`: see `AnswerStyle`.
 */
export function refusalResponse(error: unknown, style: AnswerStyle = {}): Response | null {
  const answer = answerError(error, style)
  return answer && toResponse(answer)
}

/** The answer with `Cache-Control: no-store`, unless it says itself who may store it. */
function unstored(response: Response): Response {
  if (response.headers.has('cache-control')) return response
  try {
    response.headers.set('cache-control', 'no-store')
    return response
  } catch {
    // What `fetch` and `Response.redirect` return cannot be changed.
    const answer = new Response(response.body, response)
    answer.headers.set('cache-control', 'no-store')
    return answer
  }
}
