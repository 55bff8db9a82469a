import { formatScope } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import type { AuthenticatedClient } from '../../core/clients/clients.ts'
import { ownPermissions } from '../../core/clients/token-client.ts'
import { actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'
import type { ClientGrant, Parameters } from './grant.ts'
import { delegate, readScope } from './scopes.ts'

/**
 * The client credentials grant (RFC 6749 §4.4): a client acts for itself. No refresh token (§4.4.3):
 * it has its secret.
 */
export const clientCredentialsGrant: ClientGrant = {
  name: 'client_credentials',
  confidential: true,
  description:
    'With `grant_type=client_credentials` a registered confidential client gets a token for itself (§4.4), without a refresh token; it authenticates by HTTP Basic or by `client_id` and `client_secret`.',
  parameters: {},
  answer: grantClientCredentials,
}

async function grantClientCredentials(
  auth: Auth,
  client: AuthenticatedClient,
  parameters: Parameters,
  { address, requestId }: TokenRequest,
): Promise<TokenResponse> {
  const scopes = delegate(
    ownPermissions(client),
    readScope(auth, parameters),
    'The client may have nothing of the scope',
  )
  const { token, id, expiresIn } = await auth[internals].accessTokens.issue({
    subject: client.id,
    clientId: client.id,
    scopes,
    endsWith: { clientStamp: client.stamp },
  })
  // Heard and logged, like a refresh, and not stored: nothing here is changed, and to ask for a token
  // would cost a write, which it does not otherwise.
  await auth[internals].events.record({
    type: 'authn_token_created',
    actor: actorOf({ clientId: client.id }),
    clientId: client.id,
    address,
    requestId,
    details: { token_id: id },
  })
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: expiresIn,
    scope: formatScope(scopes),
  }
}
