import type { Auth } from '../../core/auth.ts'
import type { Authorization } from '../../core/authorization/authorization.ts'
import { internals } from '../../core/internals.ts'
import { loginLocales } from '../../pages/texts/login-languages.ts'
import type { HostedPlace } from '../endpoints/hosted-endpoints.ts'
import { authorizationPath } from '../endpoints/hosted-endpoints.ts'
import { createMetadata } from '../endpoints/metadata.ts'
import { userinfoPath } from './userinfo.ts'

/** Where users log out (RP-Initiated Logout §2), below the issuer. */
export const endSessionPath = '/auth/logout'

/**
 * Returns the metadata of a server where people log in by browser: one document, for RFC 8414 and for OpenID
 * Connect Discovery §3. It has every member whose absence would mean something that is not so.
 */
export async function createOpenIdMetadata(
  auth: Auth,
  { idTokens, scopes }: Authorization,
  { root, urls }: Pick<HostedPlace, 'root' | 'urls'>,
): Promise<object> {
  const permissions = Object.keys(auth.permissions.describe())
  return {
    ...createMetadata(auth, urls),
    authorization_endpoint: root + authorizationPath,
    end_session_endpoint: root + endSessionPath,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    code_challenge_methods_supported: ['S256'],
    scopes_supported: [...scopes.names, ...permissions],
    // RFC 9207 §3.
    authorization_response_iss_parameter_supported: true,
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    ui_locales_supported: loginLocales,
    // Back-Channel Logout §2.1.
    ...(auth[internals].hosted?.logoutNotices && {
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    }),
    ...(idTokens && {
      userinfo_endpoint: root + userinfoPath,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: await idTokens.algorithms(),
      claims_supported: [
        ...scopes.claimNames,
        ...['iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'sid', 'at_hash'],
      ],
    }),
  }
}
