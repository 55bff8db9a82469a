import { includesPermission } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { OAuthError } from '../../core/errors.ts'
import { internals } from '../../core/internals.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'
import { type Parameters, requireText, type UserGrant } from './grant.ts'
import { isOpenIdScope, readScope, scopesToday } from './scopes.ts'
import { issueUserTokens } from './user-tokens.ts'

/** The refresh token grant (RFC 6749 §6). */
export const refreshTokenGrant: UserGrant = {
  name: 'refresh_token',
  confidential: false,
  description:
    'With `grant_type=refresh_token` a refresh token is exchanged for a new pair (§6); each is good once.',
  parameters: { refresh_token: { type: 'string' } },
  answer: grantRefreshToken,
}

async function grantRefreshToken(
  auth: Auth,
  client: Client,
  parameters: Parameters,
  { address, requestId }: TokenRequest,
): Promise<TokenResponse> {
  const presented = requireText(parameters, 'refresh_token')
  const isOpenId = (scope: string): boolean => isOpenIdScope(auth, scope)
  const requested = readScope(auth, parameters, isOpenId)
  // Before the token is used: a request that asks for too much must not cost the client its token.
  const session = await auth.sessions.find(presented)
  const granted = session?.clientId === client.id ? session.scopes : undefined
  // `*` is every permission, and no scope of OpenID Connect.
  const has = (list: readonly string[], scope: string): boolean =>
    isOpenId(scope) ? list.includes(scope) : includesPermission(list, scope)
  if (granted && !requested.every((scope) => has(granted, scope))) {
    throw new OAuthError('invalid_scope', 'The scope is wider than the login was granted')
  }

  const refreshed = await auth.sessions.refresh(presented, client.id, { address, requestId })
  const user = await auth[internals].store.users.findById(refreshed.session.userId)
  if (user === null) throw new OAuthError('invalid_grant', 'The refresh token is not valid')
  const asked = requested.length > 0 ? requested : refreshed.session.scopes
  const scopes = scopesToday(auth, user, client, asked)
  return await issueUserTokens(auth, client, user, scopes, refreshed)
}
