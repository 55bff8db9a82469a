import { formatScope } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { internals } from '../../core/internals.ts'
import type { OpenSession } from '../../core/sessions/session-calls.ts'
import { tokenStampOf } from '../../core/users/security-stamp.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import type { TokenResponse } from '../token-messages.ts'
import { isThirdPartySession } from './scopes.ts'

/** What else the tokens of a session depend on. */
interface Issuing {
  /** For the ID token. Default none. */
  readonly nonce?: string | null
  /** The version of the signing keys, if the store has just been asked. Default: it is asked. */
  readonly keysVersion?: number
  /** Default: if it is a grant of the client's. */
  readonly mayRefresh?: boolean
}

/**
 * Issues the tokens of a user to a client: with a refresh token if there is a session, and with an ID token
 * (OpenID Connect Core §3.1.3.3, §12.2) for the scope `openid`.
 */
export async function issueUserTokens(
  auth: Auth,
  client: Client,
  user: UserRecord,
  scopes: readonly string[],
  opened?: OpenSession,
  { nonce = null, keysVersion, mayRefresh = client.grants.includes('refresh_token') }: Issuing = {},
): Promise<TokenResponse> {
  const { token, expiresIn } = await auth[internals].accessTokens.issue({
    subject: user.id,
    clientId: client.id,
    scopes,
    role: user.role,
    keysVersion,
    endsWith: opened
      ? { sessionId: opened.session.id }
      : { userStamp: tokenStampOf(user.securityStamp) },
    ...(opened && {
      authentication: opened.session,
      expiresBy: opened.session.expiresAt,
      thirdParty: isThirdPartySession(opened.session, client),
    }),
  })
  const idTokens = auth[internals].hosted?.authorization.idTokens
  const idToken =
    opened && idTokens && scopes.includes('openid')
      ? await idTokens.issue({
          ...{ user, clientId: client.id, session: opened.session, nonce, keysVersion },
          accessToken: token,
        })
      : undefined
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: expiresIn,
    ...(opened && mayRefresh && { refresh_token: opened.refreshToken }),
    ...(idToken !== undefined && { id_token: idToken }),
    scope: formatScope(scopes),
  }
}
