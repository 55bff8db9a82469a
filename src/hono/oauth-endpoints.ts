import type { Context, MiddlewareHandler } from 'hono'
import type { Auth } from '../core/auth.ts'
import type { EndpointOptions } from '../http/endpoints/mount.ts'
import { oauthEndpoints as webEndpoints } from '../web/oauth-endpoints.ts'

/**
 * Answers the OAuth endpoints, and leaves every other path to the routes after it:
 * `app.use(oauthEndpoints(auth, (context) => getConnInfo(context).remote.address))`.
 *
 * Failed logins are slowed down by the address: that of the connection, or the one that your proxy
 * reports. If it is undefined for all requests, all clients count as one source and wait together. The
 * paths are those of the whole request, with what an app around this one puts before them.
 *
 * @throws {ConfigError} `config_invalid` for an option that is not known, or a prefix that is no path.
 */
export function oauthEndpoints(
  auth: Auth,
  addressOf: (context: Context) => string | undefined,
  options: EndpointOptions = {},
): MiddlewareHandler {
  if (typeof addressOf !== 'function') {
    throw new TypeError(
      'oauthEndpoints of portcullis/hono needs a function from the context to the address: oauthEndpoints(auth, (context) => …, options).',
    )
  }
  const answer = webEndpoints(auth, options)
  return async (context, next) => {
    const answered = await answer(context.req.raw, addressOf(context))
    if (answered !== null) return answered
    return await next()
  }
}
