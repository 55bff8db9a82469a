// The realm, whose tokens must be meant for this application (an audience mapper of Keycloak).

import type { KeycloakOptions } from 'portcullis/issuers'

export const realm: KeycloakOptions & { readonly issuer: string } = {
  issuer: process.env.REALM ?? 'https://sso.example.com/realms/staff',
  audience: process.env.AUDIENCE ?? 'items-api',
  // In development a Keycloak on this machine may do without TLS.
  allowInsecureLoopback: process.env.NODE_ENV !== 'production',
}
