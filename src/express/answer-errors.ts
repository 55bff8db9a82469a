import type { ErrorRequestHandler } from 'express'
import { sendRefusal } from '../web/node.ts'

/**
 * Answers the errors of this library as `application/problem+json`, whichever route they come from, such as
 * what `auth.users.create` throws for a taken username. Every other error goes to the next error handler.
 *
 * Register it behind all routes: `app.use(answerErrors)`. Express 4 does not pass on what an `async`
 * handler throws.
 */
export const answerErrors: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent || !sendRefusal(error, response)) next(error)
}
