import type { Context, Env, Handler, Input, MiddlewareHandler } from 'hono'
import { evaluatorOf, type Guard, noHandler, requireFunction } from '../http/guards/guard.ts'
import { answerGuarded, refusalResponse } from '../web/secured.ts'

/**
 * Makes a handler that runs only for requests that the guard lets pass, and is given the guard's
 * value first: `app.get('/me', secured(activeUser, (user, context) => context.json(user)))`.
 *
 * Refusals are answered as `application/problem+json`; every other error goes to `app.onError`. A
 * guard is asked again when the body has been read: see `secured` of `portcullis/web`.
 *
 * @throws {TypeError} if it is given no guard, such as a function that returns one.
 */
export function secured<
  T,
  E extends Env = Env,
  Path extends string = string,
  I extends Input = Input,
  R extends Response | Promise<Response> = Response | Promise<Response>,
>(guard: Guard<T>, handler: (value: T, context: Context<E, Path, I>) => R): Handler<E, Path, I, R> {
  evaluatorOf(guard)
  requireFunction(handler, noHandler)
  const answer: Handler<E, Path, I> = (context) =>
    answerGuarded(guard, context.req.raw, (value) => handler(value, context))
  // A refusal is no answer of the route in the types of Hono's client.
  return answer as unknown as Handler<E, Path, I, R>
}

/**
 * Puts a guard before all routes of a path: `app.use('/admin/*', guarded(requireRole('admin')))`.
 *
 * @throws {TypeError} if it is given no guard, such as a function that returns one.
 */
export function guarded(guard: Guard<unknown>): MiddlewareHandler {
  evaluatorOf(guard)
  return async (context, next) => {
    context.res = await answerGuarded(guard, context.req.raw, async () => {
      await next()
      // Hono has already answered an error of the handler.
      return refusalResponse(context.error, guard.documentation) ?? context.res
    })
  }
}
