import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { ConflictError, OAuthError } from '../../core/errors.ts'
import type { ShownFactor } from '../../core/factors/factor-attempts.ts'
import type { PendingLogin } from '../../core/factors/mfa-tokens.ts'
import type { SecondFactor } from '../../core/factors/second-factor.ts'
import { internals } from '../../core/internals.ts'
import type { NewSession } from '../../core/sessions/session-calls.ts'
import { byTwoFactors } from '../../core/tokens/authentication.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'
import { type Parameters, requireText } from './grant.ts'
import { readScope, scopesToday } from './scopes.ts'
import { issueUserTokens } from './user-tokens.ts'

/** The second request of a login, with what was shown: a code of an app, or a recovery code. */
export type FactorGrantKind = 'otp' | 'recovery_code'

const names: Readonly<Record<string, FactorGrantKind>> = {
  'urn:portcullis:grant-type:mfa-otp': 'otp',
  'http://auth0.com/oauth/grant-type/mfa-otp': 'otp',
  'urn:portcullis:grant-type:mfa-recovery-code': 'recovery_code',
  'http://auth0.com/oauth/grant-type/mfa-recovery-code': 'recovery_code',
}

/** The grant types as we call them: the other names are those that clients of Auth0 send. */
export const factorGrantNames: readonly string[] = Object.keys(names).filter((name) =>
  name.startsWith('urn:'),
)

/** What a grant type shows; null if it is none of these, or nobody has a second factor here. */
export function factorGrantOf(auth: Auth, name: string): FactorGrantKind | null {
  return auth[internals].second !== null && Object.hasOwn(names, name)
    ? (names[name] ?? null)
    : null
}

/** What OpenAPI says of these grants. */
export const factorGrantDocumentation = {
  description:
    'If the answer is 403 `mfa_required`, the login goes on with its `mfa_token` and a code of an authenticator app, or a recovery code. With `otp` beside the password one request is enough.',
  parameters: {
    mfa_token: { type: 'string', description: 'Of the answer `mfa_required`' },
    otp: { type: 'string', description: 'The six digits that an authenticator app shows' },
    recovery_code: { type: 'string' },
  },
} as const

/** Goes on with a login by a second factor: opens the session that the password alone did not. */
export async function grantSecondFactor(
  auth: Auth,
  client: Client,
  kind: FactorGrantKind,
  parameters: Parameters,
  { userAgent, address, requestId }: TokenRequest,
): Promise<TokenResponse> {
  const token = requireText(parameters, 'mfa_token')
  const text = requireText(parameters, kind)
  const second = auth[internals].second as SecondFactor
  const login = await second.tokens.find(token)
  if (login?.purpose !== 'challenge') throw expired()
  const { user, asked } = await judge(auth, client, login, readScope(auth, parameters))
  const shown: ShownFactor = kind === 'otp' ? { otp: text } : { recoveryCode: text }
  const attempt = { purpose: 'login', clientId: client.id, login } as const
  const from = { userAgent, address, requestId }
  const proved = await second.verify(user, shown, { ...attempt, ...from }).catch(explain)
  if (proved === null) throw new OAuthError('invalid_grant', 'The code is not right')
  const answer = await openWithFactor(auth, client, user, asked, from)
  const { recoveryCodesLeft: left } = proved
  return { ...answer, ...(left !== null && { recovery_codes_left: left }) }
}

/** The client and the scopes of the second request are those of the first (RFC 6749 §6, by analogy). */
async function judge(
  auth: Auth,
  client: Client,
  login: PendingLogin,
  requested: readonly string[],
): Promise<{ readonly user: UserRecord; readonly asked: readonly string[] }> {
  if (login.clientId !== client.id) {
    throw new OAuthError('invalid_grant', 'The login was begun by another client')
  }
  if (!requested.every((scope) => login.scopes.includes(scope))) {
    throw new OAuthError('invalid_scope', 'The scope is wider than the login asked for')
  }
  const user = await auth[internals].store.users.findById(login.userId)
  if (user === null) throw expired()
  return { user, asked: requested.length > 0 ? requested : login.scopes }
}

/**
 * The tokens of a user who has just shown two factors.
 *
 * @throws {OAuthError} `expired_token` if the user has changed meanwhile
 */
export async function openWithFactor(
  auth: Auth,
  client: Client,
  user: UserRecord,
  asked: readonly string[],
  from: Pick<NewSession, 'userAgent' | 'address' | 'requestId'>,
): Promise<TokenResponse> {
  const scopes = scopesToday(auth, user, client, asked)
  const opened = await auth.sessions.open(user, {
    ...{ clientId: client.id, scopes, ...from },
    authentication: byTwoFactors(auth.clock(), ['pwd']),
  })
  if (opened === null) throw expired()
  return await issueUserTokens(auth, client, user, scopes, opened)
}

function explain(error: unknown): never {
  throw error instanceof ConflictError && error.code === 'token_ended' ? expired() : error
}

function expired(): OAuthError {
  return new OAuthError('expired_token', 'The login has expired or was completed: log in again')
}
