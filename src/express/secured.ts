import type { NextFunction, Request, RequestHandler, Response } from 'express'
import {
  evaluatorOf,
  type Guard,
  isGuarded,
  noHandler,
  recheck,
  requireFunction,
} from '../http/guards/guard.ts'
import { mayHaveBody } from '../http/guards/request-body.ts'
import { sendRefusal } from '../web/node.ts'

/**
 * Makes a handler that runs only for requests that the guard lets pass, and is given the guard's
 * value first: `app.get('/me', secured(activeUser, (user, request, response) => …))`.
 *
 * Refusals are answered as `application/problem+json`; every other error goes to the error handlers.
 * Put it behind `express.json()` and its like, and `guarded` before them to refuse without reading a
 * body: what it let pass is asked again here.
 *
 * Does not ask again after a body that the handler reads itself: call `recheck(request)` then.
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
    try {
      if (isGuarded(request) && mayHaveBody(request.headers)) await recheck(request)
      if (!response.hasHeader('cache-control')) response.setHeader('cache-control', 'no-store')
      await handler(await guard(request), request, response, next)
    } catch (error) {
      const { documentation } = guard
      if (response.headersSent || !sendRefusal(error, response, documentation)) next(error)
    }
  }
}

/**
 * Puts a guard before all routes of a path: `app.use('/admin', guarded(requireRole('admin')))`.
 *
 * Does not ask again when a body has been read behind it. A user who was let in with the head of a
 * request may have lost the role while they sent the body. Put it behind `express.json()`, or end such
 * a route with `secured`.
 *
 * @throws {TypeError} if it is given no guard, such as a function that returns one.
 */
export function guarded(guard: Guard<unknown>): RequestHandler {
  return secured(guard, (_value, _request, _response, next) => next())
}
