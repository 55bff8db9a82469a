import type { Auth } from '../core/auth.ts'
import type { OAuthPaths } from '../http/endpoints/mount.ts'
import { toResponse } from './answer.ts'
import { createOAuthAnswers } from './oauth-answers.ts'

/**
 * Answers a request to an OAuth endpoint, or returns null for any other path.
 *
 * The address is the one that the request comes from, by which failed logins are slowed down: of the
 * connection, or what a proxy of yours says. Undefined for all makes all one source, which then waits
 * together. Rejects only when the server made a mistake, which the caller logs and answers with 500.
 */
export type OAuthHandler = (
  request: Request,
  address: string | undefined,
) => Promise<Response | null>

/**
 * Makes a handler of all OAuth endpoints: `/auth/token`, `/auth/revoke`, `/auth/introspect`, the
 * metadata (RFC 8414) and the JWK Set, as the Fastify plugin serves them; below `prefix`, or at other
 * paths, if the options say so. A slash at the end of a path makes no difference.
 *
 * A refused request is not logged: subscribe to `auth.events` for what matters.
 *
 * @throws {ConfigError} `config_invalid` for an option that is not known, or a prefix that is no path.
 */
export function oauthEndpoints(auth: Auth, options: OAuthPaths = {}): OAuthHandler {
  const answerOAuth = createOAuthAnswers(auth, options)
  return async ({ url, method, headers, body }, address) => {
    const { pathname } = new URL(url)
    const header = (name: string): string | undefined => headers.get(name) ?? undefined
    const answer = await answerOAuth({ method, pathname, header, body, address })
    return answer && toResponse(answer, method)
  }
}
