import type { Auth } from '../core/auth.ts'
import type { EndpointOptions } from '../http/endpoints/mount.ts'
import { toResponse } from './answer.ts'
import { createOAuthAnswers } from './oauth-answers.ts'

/**
 * Answers a request to an OAuth endpoint, or returns null for any other path.
 *
 * Failed logins are slowed down by the address: that of the connection, or the one that your proxy
 * reports. If it is undefined for all requests, all clients count as one source and wait together.
 * Rejects only when the server made a mistake, which the caller logs and answers with 500.
 */
export type OAuthHandler = (
  request: Request,
  address: string | undefined,
) => Promise<Response | null>

/**
 * Makes a handler of all OAuth endpoints, as the Fastify plugin serves them: `/auth/token`,
 * `/auth/revoke`, `/auth/introspect`, the metadata (RFC 8414) and the JWK Set. The options may put them
 * below `prefix`, or at other paths. So it does with what `accounts` switches on, and its pages. A slash at the end of a path makes no difference.
 *
 * A refused request is not logged: subscribe to `auth.events` for what matters.
 *
 * @throws {ConfigError} `config_invalid` for an option that is not known, a prefix that is no path, or pages
 * that would be hard to read.
 */
export function oauthEndpoints(auth: Auth, options: EndpointOptions = {}): OAuthHandler {
  const answerOAuth = createOAuthAnswers(auth, options)
  return async (request, address) => {
    const { url, method, headers, body } = request
    const { pathname, search } = new URL(url)
    const query = search.slice(1)
    const header = (name: string): string | undefined => headers.get(name) ?? undefined
    const answer = await answerOAuth({
      ...{ method, pathname, query, header, guarded: request, body, address },
    })
    return answer && toResponse(answer, method)
  }
}
