import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { OAuthError } from '../../core/errors.ts'
import { actorOf } from '../../core/events/events.ts'
import { internals } from '../../core/internals.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'
import { type Parameters, requireText, type UserGrant } from './grant.ts'
import { issueUserTokens } from './user-tokens.ts'

/** The authorization code grant (RFC 6749 §4.1.3) with the verifier of RFC 7636. */
export const authorizationCodeGrant: UserGrant = {
  name: 'authorization_code',
  confidential: false,
  description:
    'With `grant_type=authorization_code` the code of a login by browser is exchanged (§4.1.3); each is good once.',
  parameters: {
    code: { type: 'string' },
    redirect_uri: { type: 'string', description: 'As it was in the authorization request' },
    code_verifier: {
      type: 'string',
      description: 'What the challenge was made of (RFC 7636 §4.1)',
    },
  },
  answer: grantAuthorizationCode,
}

async function grantAuthorizationCode(
  auth: Auth,
  client: Client,
  parameters: Parameters,
  { userAgent, address, requestId }: TokenRequest,
): Promise<TokenResponse> {
  const { hosted } = auth[internals]
  if (hosted === null) {
    throw new OAuthError('unsupported_grant_type', 'Nobody logs in by browser here')
  }
  const { opened, user, scopes } = await hosted.authorization.codes.exchange({
    code: requireText(parameters, 'code'),
    redirectUri: requireText(parameters, 'redirect_uri'),
    codeVerifier: parameters.get('code_verifier') ?? null,
    client,
    ...{ actor: actorOf({ clientId: client.id }), userAgent, address, requestId },
  })
  return await issueUserTokens(auth, client, user, scopes, opened)
}
