import type { Auth } from '../../core/auth.ts'
import type { Authorization } from '../../core/authorization/authorization.ts'
import type { Client } from '../../core/clients/clients.ts'
import { internals } from '../../core/internals.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'
import { type Parameters, requireText } from './grant.ts'
import { scopesToday } from './scopes.ts'
import { issueUserTokens } from './user-tokens.ts'

/** Exchanges the code of a login by browser for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export async function grantAuthorizationCode(
  auth: Auth,
  client: Client,
  parameters: Parameters,
  { userAgent, address, requestId }: TokenRequest,
): Promise<TokenResponse> {
  const exchanged = await codesOf(auth).exchange({
    code: requireText(parameters, 'code'),
    client,
    // Without one it is not the one of the authorization request, which always has one.
    redirectUri: parameters.get('redirect_uri') ?? '',
    codeVerifier: parameters.get('code_verifier') ?? null,
    ...{ userAgent, address, requestId },
  })
  const { opened, user, nonce, keysVersion } = exchanged
  const scopes = scopesToday(auth, user, client, exchanged.scopes)
  const { offline } = opened.session
  return await issueUserTokens(auth, client, user, scopes, opened, {
    ...{ nonce, keysVersion },
    // OpenID Connect Core §11: another application's client asks its user for `offline_access`.
    mayRefresh: client.grants.includes('refresh_token') && (offline || client.firstParty),
  })
}

/** There are some where the grant is served. */
function codesOf(auth: Auth): Authorization['codes'] {
  return auth[internals].hosted?.authorization.codes as Authorization['codes']
}
