import type { Auth } from '../../core/auth.ts'
import { type GrantName, servedGrants } from '../../core/clients/grants.ts'
import { internals } from '../../core/internals.ts'
import { clientCredentialsGrant } from './client-credentials.ts'
import type { Grant, UserGrant } from './grant.ts'
import { passwordGrant } from './password.ts'
import { refreshTokenGrant } from './refresh-token.ts'

/** The authorization code grant (RFC 6749 §4.1.3). Its file is loaded by the first request that needs it. */
const authorizationCodeGrant: UserGrant = {
  name: 'authorization_code',
  confidential: false,
  description:
    'With `grant_type=authorization_code` the code of a login by browser is exchanged (§4.1.3), once; with the scope `openid` the answer has an ID token.',
  parameters: {
    code: { type: 'string' },
    redirect_uri: { type: 'string', description: 'As it was in the authorization request' },
    code_verifier: {
      type: 'string',
      description: 'What the challenge was made of (RFC 7636 §4.1)',
    },
  },
  async answer(...request) {
    const { grantAuthorizationCode } = await import('./authorization-code.ts')
    return await grantAuthorizationCode(...request)
  },
}

/** The implementation of every grant type in `core/clients/grants`. */
export const grants: Readonly<Record<GrantName, Grant>> = {
  password: passwordGrant,
  refresh_token: refreshTokenGrant,
  client_credentials: clientCredentialsGrant,
  authorization_code: authorizationCodeGrant,
}

/** The grant types that an application's token endpoint serves. */
export function grantNamesOf(auth: Auth): readonly GrantName[] {
  return servedGrants(auth[internals].hosted !== null)
}
