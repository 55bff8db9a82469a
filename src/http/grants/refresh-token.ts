import { includesPermission, narrowScopes } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { OAuthError } from '../../core/errors.ts'
import { internals } from '../../core/internals.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'
import { type Parameters, requireText, type UserGrant } from './grant.ts'
import { delegableScopes, readScope } from './scopes.ts'
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
  const requested = readScope(auth, parameters)
  // Before the token is used: a request that asks for too much must not cost the client its token.
  const session = await auth.sessions.find(presented)
  const granted = session?.clientId === client.id ? session.scopes : undefined
  if (granted && !requested.every((scope) => includesPermission(granted, scope))) {
    throw new OAuthError('invalid_scope', 'The scope is wider than the login was granted')
  }

  const refreshed = await auth.sessions.refresh(presented, client.id, { address, requestId })
  const user = await auth[internals].store.users.findById(refreshed.session.userId)
  if (user === null) throw new OAuthError('invalid_grant', 'The refresh token is not valid')
  const asked = requested.length > 0 ? requested : refreshed.session.scopes
  const scopes = narrowScopes(delegableScopes(auth, user, client), asked)
  return await issueUserTokens(auth, client, user, scopes, refreshed)
}
