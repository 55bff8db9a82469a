import { formatScope } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { internals } from '../../core/internals.ts'
import type { OpenSession } from '../../core/sessions/session-calls.ts'
import { tokenStampOf } from '../../core/users/security-stamp.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import type { TokenResponse } from '../token-messages.ts'

/** Issues the tokens of a user to a client, with a refresh token if there is a session. */
export async function issueUserTokens(
  auth: Auth,
  client: Client,
  user: UserRecord,
  scopes: readonly string[],
  opened?: OpenSession,
): Promise<TokenResponse> {
  const { token, expiresIn } = await auth[internals].accessTokens.issue({
    subject: user.id,
    clientId: client.id,
    scopes,
    role: user.role,
    endsWith: opened
      ? { sessionId: opened.session.id }
      : { userStamp: tokenStampOf(user.securityStamp) },
    ...(opened && { authentication: opened.session, expiresBy: opened.session.expiresAt }),
  })
  const mayRefresh = client.grants.includes('refresh_token')
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: expiresIn,
    ...(opened && mayRefresh && { refresh_token: opened.refreshToken }),
    scope: formatScope(scopes),
  }
}
