import type { Auth } from '../core/auth.ts'
import { OAuthError } from '../core/errors.ts'
import { readClientCredentials } from './client-authentication.ts'
import { parseForm } from './form.ts'
import { refuseToken, type TokenEndpoint } from './token-endpoint.ts'
import { tokenHeaders } from './token-messages.ts'

/**
 * Makes the revocation endpoint (RFC 7009): the log-out of a client. It ends the session that the
 * token belongs to, whichever of its tokens is presented, and answers after that is stored.
 *
 * A token that is unknown, expired or ended already is 200 too (§2.2): the client's wish is met.
 */
export function createRevocationEndpoint(auth: Auth): TokenEndpoint {
  return async function answer(request) {
    try {
      const parameters = parseForm(request.contentType, request.body)
      readClientCredentials(request.authorization, parameters)
      const token = parameters.get('token')
      if (token === undefined) {
        throw new OAuthError('invalid_request', 'The parameter token is missing')
      }
      const sessionId = await sessionOf(auth, token)
      if (sessionId !== undefined) await auth.sessions.end(sessionId)
      return { status: 200, headers: tokenHeaders }
    } catch (error) {
      return refuseToken(error)
    }
  }
}

// `token_type_hint` is not needed: the two kinds of tokens cannot be taken for one another.
async function sessionOf(auth: Auth, token: string): Promise<string | undefined> {
  const session = await auth.sessions.find(token)
  return session ? session.id : (await auth.accessTokens.verify(token))?.claims.sid
}
