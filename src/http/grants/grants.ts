import type { Auth } from '../../core/auth.ts'
import { type GrantName, servedGrants } from '../../core/clients/grants.ts'
import { internals } from '../../core/internals.ts'
import { authorizationCodeGrant } from './authorization-code.ts'
import { clientCredentialsGrant } from './client-credentials.ts'
import type { Grant } from './grant.ts'
import { passwordGrant } from './password.ts'
import { refreshTokenGrant } from './refresh-token.ts'

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
