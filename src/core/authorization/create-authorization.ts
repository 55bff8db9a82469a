import { ConfigError } from '../errors.ts'
import { createRefreshTokens } from '../sessions/refresh-token.ts'
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
 * @throws {ConfigError} if the store has no place for codes and consents.
 */
export function createAuthorization(
  settings: HostedLoginSettings,
  parts: AuthorizationParts,
): Authorization {
  const { store, events, sessions, sessionOptions, keys, managedKeys, issuer, clock } = parts
  const { secret, previousSecrets } = parts
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
  const refreshTokens = createRefreshTokens(secret, previousSecrets)
  return {
    settings,
    browserSessions: createBrowserSessions({
      ...{ store, sessions, sessionOptions, events, secret, previousSecrets, clock },
      requireFactor: parts.requireFactor,
    }),
    codes: createAuthorizationCodes({
      ...{ store, codes, consents, scopes, refreshTokens, events, sessionOptions, clock },
    }),
    consents: createConsents({ store: consents, events, clock }),
    idTokens,
    scopes,
    proofs: createSealedProofs(secret, previousSecrets, clock),
  }
}
