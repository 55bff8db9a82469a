import { everyPermission, narrowScopes } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { OAuthError } from '../../core/errors.ts'
import type { ShownPasskey } from '../../core/factors/passkeys/passkey-calls.ts'
import type { PasskeyLogins } from '../../core/factors/passkeys/passkey-logins.ts'
import { internals } from '../../core/internals.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'
import { type Parameters, requireText } from './grant.ts'
import { delegableScopes, delegate, readKnownScope, readScope } from './scopes.ts'
import { issueUserTokens } from './user-tokens.ts'

/** A login by a passkey alone. Opens a session if the passkey has verified its user: that is two factors. */
export async function grantPasskey(
  auth: Auth,
  client: Client,
  parameters: Parameters,
  { userAgent, address, requestId }: TokenRequest,
): Promise<TokenResponse> {
  const shown = shownPasskey(parameters)
  const [read, narrow] = auth.compatibility ? [readKnownScope, narrowScopes] : [readScope, delegate]
  const requested = read(auth, parameters)
  // What the client may not have, no user can give to it.
  const ofClient = client.scopes ?? [everyPermission]
  narrow(ofClient, requested, 'The client may have nothing of the scope')
  const clientId = client.id
  const from = { userAgent, address, requestId }
  const passkeys = auth[internals].second?.passkeys as PasskeyLogins
  const login = await passkeys.logIn(shown, { clientId, ...from })
  if (login.kind === 'one factor') {
    throw new OAuthError(
      'mfa_required',
      'The passkey has not verified its user: log in with the password, then show the passkey',
    )
  }
  if (login.kind === 'refused') throw refused()
  const { user, authentication } = login
  const ofUser = delegableScopes(auth, user, client)
  const scopes = narrow(ofUser, requested, 'The role of the user grants nothing of the scope')
  const opened = await auth.sessions.open(user, { clientId, scopes, ...from, authentication })
  if (opened === null) throw refused()
  return await issueUserTokens(auth, client, user, scopes, opened)
}

/** The credential is JSON in a field of the form. What is none is refused as a wrong one is. */
export function shownPasskey(parameters: Parameters): ShownPasskey {
  const challengeId = requireText(parameters, 'challenge_id')
  const text = requireText(parameters, 'credential')
  try {
    return { challengeId, credential: JSON.parse(text) }
  } catch {
    throw new OAuthError('invalid_request', 'The parameter credential must be JSON')
  }
}

function refused(): OAuthError {
  return new OAuthError('invalid_grant', 'The passkey was not accepted')
}
