import type { RequestHandler } from 'express'
import type { Auth } from '../core/auth.ts'
import type { EndpointOptions } from '../http/endpoints/mount.ts'
import { nodeOAuthEndpoints } from '../web/node.ts'

/**
 * Answers the OAuth endpoints, and leaves every other path to the routes after it:
 * `app.use(oauthEndpoints(auth))`, before `express.json()` and its like, since a login reads its own
 * form.
 *
 * Failed logins are slowed down by `request.ip`: behind your own proxy, set `trust proxy`. Mount it at
 * the root, and put the endpoints below a path by `prefix`: the metadata (RFC 8414) say it too.
 *
 * @throws {ConfigError} `config_invalid` for an option that is not known, or a prefix that is no path.
 */
export function oauthEndpoints(auth: Auth, options: EndpointOptions = {}): RequestHandler {
  const answer = nodeOAuthEndpoints(auth, options)
  return async (request, response, next) => {
    try {
      if (!(await answer(request, response, request.ip))) next()
    } catch (error) {
      next(error)
    }
  }
}
