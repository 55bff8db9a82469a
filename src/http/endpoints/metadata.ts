import type { Auth } from '../../core/auth.ts'
import { grantNames } from '../../core/clients/registration.ts'

/** Paths of the endpoints below the issuer. */
export interface EndpointPaths {
  readonly token: string
  readonly revocation: string
  readonly introspection: string
  readonly jwks: string
}

const secretMethods = ['client_secret_basic', 'client_secret_post']

/**
 * Returns the authorization server metadata (RFC 8414 §2): only what works. URLs come from the
 * configured issuer, never from a request.
 */
export function createMetadata(auth: Auth, paths: EndpointPaths): object {
  const base = auth.issuer.replace(/\/$/, '')
  return {
    issuer: auth.issuer,
    token_endpoint: base + paths.token,
    revocation_endpoint: base + paths.revocation,
    introspection_endpoint: base + paths.introspection,
    jwks_uri: base + paths.jwks,
    // Required by the RFC; there is no authorization endpoint.
    response_types_supported: [],
    grant_types_supported: grantNames,
    token_endpoint_auth_methods_supported: ['none', ...secretMethods],
    revocation_endpoint_auth_methods_supported: ['none', ...secretMethods],
    introspection_endpoint_auth_methods_supported: secretMethods,
    scopes_supported: Object.keys(auth.permissions.describe()),
  }
}

/**
 * Returns where the metadata of an issuer is: its path goes behind the well-known one (§3.1). Null
 * for an issuer that has none, because it is no http URL or its path is not plain.
 */
export function metadataPath(issuer: string): string | null {
  if (!/^https?:/.test(issuer) || !URL.canParse(issuer)) return null
  const path = issuerPath(issuer)
  return /^[\w./~-]*$/.test(path) ? `/.well-known/oauth-authorization-server${path}` : null
}

/** The path below which a proxy serves this, without a slash at the end: the issuer says it. */
export function issuerPath(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).pathname.replace(/\/$/, '') : ''
}
