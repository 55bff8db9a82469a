import type { Auth } from '../../core/auth.ts'
import { grantNamesOf } from '../grants/grants.ts'
import { factorGrantNames } from '../grants/second-factor.ts'
import type { DocumentEndpoint, EndpointUrls } from './endpoint.ts'

const wellKnown = '/.well-known/oauth-authorization-server'

const secretMethods = ['client_secret_basic', 'client_secret_post']

/**
 * Returns the authorization server metadata (RFC 8414 §2): only what works. URLs come from the
 * configured issuer, never from a request.
 */
export function createMetadata(auth: Auth, urls: EndpointUrls): object {
  const scopes = Object.keys(auth.permissions.describe())
  return {
    issuer: auth.issuer,
    token_endpoint: urls.token,
    revocation_endpoint: urls.revocation,
    introspection_endpoint: urls.introspection,
    jwks_uri: urls.jwks,
    // §2 requires the member and §3.2 forbids an empty list. There is no authorization endpoint, so no
    // response type: `none` is the registered word for that.
    response_types_supported: ['none'],
    grant_types_supported: [...grantNamesOf(auth), ...factorGrantNames(auth)],
    token_endpoint_auth_methods_supported: ['none', ...secretMethods],
    revocation_endpoint_auth_methods_supported: ['none', ...secretMethods],
    introspection_endpoint_auth_methods_supported: secretMethods,
    // §3.2: a list without elements is left out.
    ...(scopes.length > 0 && { scopes_supported: scopes }),
  }
}

/** The authorization server metadata, below the prefix. See `metadataPath` for the other place. */
export const metadataEndpoint: DocumentEndpoint = {
  method: 'GET',
  path: wellKnown,
  create(auth, urls) {
    return async () => ({ status: 200, headers: {}, body: createMetadata(auth, urls) })
  },
}

/**
 * Returns where the metadata of an issuer is: its path goes behind the well-known one (§3.1). Null
 * for an issuer that has none, because it is no http URL or its path is not plain.
 */
export function metadataPath(issuer: string): string | null {
  return inserted(issuer, wellKnown)
}

/** The same for a well-known path of another document (RFC 8615). */
export function inserted(issuer: string, path: string): string | null {
  if (!/^https?:/.test(issuer) || !URL.canParse(issuer)) return null
  const behind = issuerPath(issuer)
  return /^[\w./~-]*$/.test(behind) ? path + behind : null
}

/** The path below which a proxy serves this, without a slash at the end: the issuer says it, if it is a URL by http. */
export function issuerPath(issuer: string): string {
  const isHttp = /^https?:/i.test(issuer) && URL.canParse(issuer)
  return isHttp ? new URL(issuer).pathname.replace(/\/$/, '') : ''
}
