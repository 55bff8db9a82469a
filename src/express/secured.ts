import type { NextFunction, Request, RequestHandler, Response } from 'express'
import {
  evaluatorOf,
  type Guard,
  isGuarded,
  noHandler,
  recheck,
  requireFunction,
} from '../http/guards/guard.ts'
import { isEndHeld, recheckBeforeEnd } from '../http/guards/node-body.ts'
import { mayHaveBody } from '../http/guards/request-body.ts'
import { sendRefusal } from '../web/node.ts'

/**
 * Makes a handler that runs only for requests that the guard lets pass, and is given the guard's
 * value first: `app.get('/me', secured(activeUser, (user, request, response) => …))`.
 *
 * Refusals are answered as `application/problem+json`; every other error goes to the error handlers.
 * Put it behind `express.json()` and its like, and `guarded` before them to refuse without reading a
 * body. A body that is read after the guard, by a parser or by the handler, ends only for a request that the
 * guard still lets pass.
 *
 * @throws {TypeError} if it is given no guard, such as a function that returns one.
 */
export function secured<
  T,
  Params = Request['params'],
  Answer = unknown,
  Body = Request['body'],
  Query = Request['query'],
>(
  guard: Guard<T>,
  handler: (
    value: T,
    request: Request<Params, Answer, Body, Query>,
    response: Response<Answer>,
    next: NextFunction,
  ) => unknown,
): RequestHandler<Params, Answer, Body, Query> {
  evaluatorOf(guard)
  requireFunction(handler, noHandler)
  return async (request, response, next) => {
    function refuse(error: unknown): void {
      const { documentation } = guard
      if (response.headersSent || !sendRefusal(error, response, documentation)) next(error)
    }
    try {
      const wasAsked = isGuarded(request) && !isEndHeld(request)
      if (wasAsked && mayHaveBody(request.headers)) await recheck(request)
      if (!response.hasHeader('cache-control')) response.setHeader('cache-control', 'no-store')
      const value = await guard(request)
      recheckBeforeEnd(request, response, refuse)
      await handler(value, request, response, next)
    } catch (error) {
      refuse(error)
    }
  }
}

/**
 * Puts a guard before all routes of a path: `app.use('/admin', guarded(requireRole('admin')))`.
 *
 * It asks again when a body has come: no parser behind it hears of the end of a body whose sender has lost
 * the role meanwhile.
 *
 * @throws {TypeError} if it is given no guard, such as a function that returns one.
 */
export function guarded(guard: Guard<unknown>): RequestHandler {
  return secured(guard, (_value, _request, _response, next) => next())
}
