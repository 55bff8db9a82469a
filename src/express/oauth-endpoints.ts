import type { RequestHandler } from 'express'
import type { Auth } from '../core/auth.ts'
import { nodeOAuthEndpoints } from '../web/node.ts'

/**
 * Answers the OAuth endpoints, and leaves every other path to the routes after it:
 * `app.use(oauthEndpoints(auth))`, before `express.json()` and its like, since a login reads its own
 * form.
 *
 * Failed logins are slowed down by `request.ip`: behind a proxy of yours set `trust proxy`.
 */
export function oauthEndpoints(auth: Auth): RequestHandler {
  const answer = nodeOAuthEndpoints(auth)
  return async (request, response, next) => {
    try {
      if (!(await answer(request, response, request.ip))) next()
    } catch (error) {
      next(error)
    }
  }
}
