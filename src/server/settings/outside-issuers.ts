// Other issuers whose tokens are accepted beside our own.

import { type Setting, text } from './setting.ts'

/** As JSON: plain data, which worker processes are told. */
export const issuers: Setting<string | undefined> = text('ISSUERS', {
  fallback: undefined,
  default: 'none',
  description:
    'Other issuers whose access tokens are accepted beside our own, as a JSON list of `{"profile":"auth0"|"cognito"|"entra"|"keycloak"|"rfc9068", …}`; see [moving to an identity provider](moving-to-an-identity-provider.md).',
  secret: true,
})
