import type { Auth } from '../../core/auth.ts'
import type { Client } from '../../core/clients/clients.ts'
import { ConflictError, OAuthError } from '../../core/errors.ts'
import type { ShownFactor } from '../../core/factors/factor-attempts.ts'
import type { PendingLogin } from '../../core/factors/mfa-tokens.ts'
import type { SecondFactor } from '../../core/factors/second-factor.ts'
import { internals } from '../../core/internals.ts'
import type { NewSession } from '../../core/sessions/session-calls.ts'
import { byTwoFactors, type FactorProof } from '../../core/tokens/authentication.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import type { TokenRequest, TokenResponse } from '../token-messages.ts'
import { type Parameters, requireText } from './grant.ts'
import { readScope, scopesToday } from './scopes.ts'
import { issueUserTokens } from './user-tokens.ts'

/**
 * The second request of a login, with what was shown: a code of an app, a recovery code, or a passkey. Or the only
 * request of a login, with a passkey alone.
 */
export type FactorGrantKind = 'otp' | 'recovery_code' | 'webauthn' | 'passkey'

const names: Readonly<Record<string, FactorGrantKind>> = {
  'urn:portcullis:grant-type:mfa-otp': 'otp',
  'http://auth0.com/oauth/grant-type/mfa-otp': 'otp',
  'urn:portcullis:grant-type:mfa-recovery-code': 'recovery_code',
  'http://auth0.com/oauth/grant-type/mfa-recovery-code': 'recovery_code',
  'urn:portcullis:grant-type:mfa-webauthn': 'webauthn',
  'urn:portcullis:grant-type:passkey': 'passkey',
}

/** The grant types as we call them: the other names are those that clients of Auth0 send. */
export function factorGrantNames(auth: Auth): readonly string[] {
  return Object.keys(names).filter(
    (name) => name.startsWith('urn:') && factorGrantOf(auth, name) !== null,
  )
}

/** What a grant type shows; null if it is none of these, or nobody has such a factor here. */
export function factorGrantOf(auth: Auth, name: string): FactorGrantKind | null {
  const { second } = auth[internals]
  const kind = second !== null && Object.hasOwn(names, name) ? (names[name] ?? null) : null
  const isPasskey = kind === 'webauthn' || kind === 'passkey'
  return isPasskey && second?.passkeys === null ? null : kind
}

/** What OpenAPI says of these grants. */
export function factorGrantDocumentation(auth: Auth): {
  readonly description: string
  readonly parameters: object
} {
  const { description, parameters } = ofCodes
  if (!auth[internals].second?.passkeys) return ofCodes
  return {
    description: `${description} ${ofPasskeys.description}`,
    parameters: { ...parameters, ...ofPasskeys.parameters },
  }
}

const ofPasskeys = {
  description:
    'A passkey is a second factor too, and a login of its own if it has verified its user.',
  parameters: {
    challenge_id: { type: 'string', description: 'Of `POST /auth/passkeys/challenge`' },
    credential: { type: 'string', description: 'What the browser returned for it, as JSON' },
  },
} as const

const ofCodes = {
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
  request: TokenRequest,
): Promise<TokenResponse> {
  if (kind === 'passkey') {
    const { grantPasskey } = await import('./passkey.ts')
    return await grantPasskey(auth, client, parameters, request)
  }
  const { userAgent, address, requestId } = request
  const token = requireText(parameters, 'mfa_token')
  const shown = await shownFactor(kind, parameters)
  const second = auth[internals].second as SecondFactor
  const login = await second.tokens.find(token)
  if (login?.purpose !== 'challenge') throw expired()
  const { user, asked } = await judge(auth, client, login, readScope(auth, parameters))
  const attempt = { purpose: 'login', clientId: client.id, login } as const
  const from = { userAgent, address, requestId }
  const proved = await second.verify(user, shown, { ...attempt, ...from }).catch(explain)
  if (proved === null) {
    const says = shown.passkey ? 'The passkey was not accepted' : 'The code is not right'
    throw new OAuthError('invalid_grant', says)
  }
  const { recoveryCodesLeft: left, proof } = proved
  const answer = await openWithFactor(auth, client, user, asked, from, proof)
  return { ...answer, ...(left !== null && { recovery_codes_left: left }) }
}

async function shownFactor(
  kind: Exclude<FactorGrantKind, 'passkey'>,
  parameters: Parameters,
): Promise<ShownFactor> {
  if (kind === 'otp') return { otp: requireText(parameters, kind) }
  if (kind === 'recovery_code') return { recoveryCode: requireText(parameters, kind) }
  const { shownPasskey } = await import('./passkey.ts')
  return { passkey: shownPasskey(parameters) }
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
 * @param proof What was shown beside the password. Default: a code.
 * @throws {OAuthError} `expired_token` if the user has changed meanwhile
 */
export async function openWithFactor(
  auth: Auth,
  client: Client,
  user: UserRecord,
  asked: readonly string[],
  from: Pick<NewSession, 'userAgent' | 'address' | 'requestId'>,
  proof?: FactorProof,
): Promise<TokenResponse> {
  const scopes = scopesToday(auth, user, client, asked)
  const opened = await auth.sessions.open(user, {
    ...{ clientId: client.id, scopes, ...from },
    authentication: byTwoFactors(auth.clock(), ['pwd'], proof),
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
