import { ConfigError } from '../errors.ts'
import type { Authorization, HostedLoginSettings } from './authorization.ts'
import { createAuthorizationCodes } from './authorization-codes.ts'
import { createBrowserSessions } from './browser-sessions.ts'
import { createConsents } from './consents.ts'
import type { AuthorizationParts } from './hosted-login.ts'
import { createIdTokens } from './id-token.ts'
import { createOpenIdScopes } from './openid-scopes.ts'
import { createSealedProofs } from './sealed-proof.ts'

/**
 * Puts the parts of a login by browser together.
 *
 * @throws {ConfigError} if the store has no place for codes and consents, or the issuer is none that browsers can
 * open.
 */
export function createAuthorization(
  settings: HostedLoginSettings,
  parts: AuthorizationParts,
): Authorization {
  const { store, events, sessions, sessionOptions, keys, managedKeys, issuer, clock } = parts
  const { refreshTokens, secret, previousSecrets } = parts
  requireWebIssuer(issuer)
  const { authorizationCodes: codes, consents } = store
  if (codes === undefined || consents === undefined) {
    throw new ConfigError([
      'The option hostedLogin needs a store that keeps authorization codes and consents: this one has neither, or not both.',
    ])
  }
  // Of a secret there is no public half: a client could not verify what is signed with it (Core §10.1).
  const idTokens =
    managedKeys && createIdTokens({ keys, issuer, lifetime: settings.idTokenLifetime, clock })
  const scopes = createOpenIdScopes(idTokens !== null)
  return {
    settings,
    browserSessions: createBrowserSessions({
      ...{ store, codes, sessions, sessionOptions, events, secret, previousSecrets, clock },
      requireFactor: parts.requireFactor,
    }),
    codes: createAuthorizationCodes({
      ...{ store, codes, scopes, refreshTokens, events, sessionOptions, clock },
    }),
    consents: createConsents({ store: consents, events, clock }),
    idTokens,
    scopes,
    proofs: createSealedProofs(secret, previousSecrets, clock),
  }
}

/** @throws {ConfigError} if a browser could not come there: its cookies and its forms are of that origin. */
function requireWebIssuer(issuer: string): void {
  if (/^https?:/.test(issuer) && URL.canParse(issuer)) return
  throw new ConfigError([
    'The option hostedLogin needs an issuer that browsers can open, such as https://auth.example.com.',
  ])
}
