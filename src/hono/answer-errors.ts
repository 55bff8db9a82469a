import type { ErrorHandler } from 'hono'
import { refusalResponse } from '../web/secured.ts'

/**
 * Answers the errors of this library as `application/problem+json`, whichever route they come from, such as
 * what `auth.users.create` throws for a taken username: `app.onError(answerErrors)`. Every other error is
 * answered as Hono does without it, and written to the console.
 *
 * For other errors of your own begin `app.onError` with `refusalResponse` of `portcullis/web`.
 */
export const answerErrors: ErrorHandler = (error, context) => {
  const refused = refusalResponse(error)
  if (refused !== null) return refused
  if ('getResponse' in error) {
    const response = error.getResponse()
    return context.newResponse(response.body, response)
  }
  console.error(error)
  return context.text('Internal Server Error', 500)
}
