import { randomUUID } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { ApiKeyRecord } from '../../core/api-keys/api-key-store.ts'
import type { AuthorizationCodeRecord } from '../../core/authorization/authorization-code-store.ts'
import type { ConsentRecord } from '../../core/authorization/consent-store.ts'
import type { ClientRecord } from '../../core/clients/client-store.ts'
import { ConflictError } from '../../core/errors.ts'
import type { AuthEvent } from '../../core/events/event-store.ts'
import type { FactorRecord, PasskeyRecord } from '../../core/factors/factor-store.ts'
import type { SigningKeyRecord } from '../../core/keys/key-store.ts'
import type { OneTimeTokenRecord } from '../../core/mail/one-time-token-store.ts'
import type { NewMail } from '../../core/mail/outbox-store.ts'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'

/** The store under test, and another on the same database, as another process has it. */
export type Stores = () => readonly [Store, Store]

/** The time of the suite: seconds since 1970. */
export const now = 1_800_000_000

let made = 0

/** A text that no other record has. */
export function unique(name: string): string {
  made++
  return `${name} ${made}`
}

/** An API key of a user. */
export function anApiKey({ id }: UserRecord, changes: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  return {
    id: uuidv7(),
    digest: randomUUID(),
    userId: id,
    name: 'key',
    scopes: ['a', 'b:c'],
    createdAt: now,
    expiresAt: now + 1000,
    lastUsedAt: null,
    expiryTold: false,
    ...changes,
  }
}

/** A user whom no other test knows. */
export function aUser(changes: Partial<UserRecord> = {}): UserRecord {
  made++
  return {
    id: randomUUID(),
    username: `user${String(made).padStart(6, '0')}`,
    passwordHash: `hash ${made}`,
    role: 'member',
    active: true,
    createdAt: now,
    securityStamp: `stamp ${made}`,
    email: null,
    emailKey: null,
    emailVerifiedAt: null,
    suspendedUntil: null,
    deleteAt: null,
    fields: {},
    ...changes,
  }
}

/** A live session of a user. */
export function aSession(user: UserRecord, changes: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: randomUUID(),
    userId: user.id,
    clientId: 'client',
    scopes: ['a', 'b:c'],
    generation: 0,
    retryOf: null,
    rotatedAt: now,
    createdAt: now,
    expiresAt: now + 1000,
    revokedAt: null,
    securityStamp: user.securityStamp,
    label: 'a "label"',
    address: '2001:db8::1',
    authenticatedAt: now,
    acr: '1fa',
    amr: ['pwd'],
    kind: 'login',
    parentId: null,
    offline: false,
    ...changes,
  }
}

/** A live session of a user's browser. */
export function aBrowserSession(
  user: UserRecord,
  changes: Partial<SessionRecord> = {},
): SessionRecord {
  const client = { clientId: 'portcullis:browser', scopes: [] }
  return aSession(user, { kind: 'browser', ...client, ...changes })
}

/** A live session that was opened through another. */
export function aChildOf(
  { id, userId, securityStamp }: SessionRecord,
  changes: Partial<SessionRecord> = {},
): SessionRecord {
  return aSession(aUser({ id: userId, securityStamp }), { parentId: id, ...changes })
}

/** A live authorization code of a browser session that no other test knows. */
export function aCode(
  { id, userId, securityStamp }: SessionRecord,
  changes: Partial<AuthorizationCodeRecord> = {},
): AuthorizationCodeRecord {
  return {
    digest: randomUUID(),
    clientId: 'client',
    userId,
    sessionId: id,
    securityStamp,
    scopes: ['a', 'openid'],
    redirectUri: 'https://app.example.com/callback',
    codeChallenge: 'challenge',
    nonce: 'nonce',
    authenticatedAt: now - 5,
    acr: '2fa',
    amr: ['pwd', 'otp'],
    createdAt: now,
    expiresAt: now + 60,
    usedAt: null,
    openedSessionId: null,
    ...changes,
  }
}

/** What a user has allowed a client. */
export function aConsent({ id }: UserRecord, changes: Partial<ConsentRecord> = {}): ConsentRecord {
  return {
    userId: id,
    clientId: 'client',
    scopes: ['a', 'b:c', 'openid'],
    createdAt: now,
    updatedAt: now,
    ...changes,
  }
}

/** A confidential client that no other test knows. */
export function aClient(changes: Partial<ClientRecord> = {}): ClientRecord {
  made++
  return {
    id: `client-${made}`,
    name: 'Ünïcødé "app"',
    secretHash: `hash ${made}`,
    grants: ['password', 'refresh_token'],
    scopes: ['a', 'b:c'],
    introspect: true,
    createdAt: now,
    redirectUris: [],
    postLogoutRedirectUris: [],
    firstParty: false,
    tokenEndpointAuthMethod: null,
    pkce: 'required',
    logoUri: null,
    clientUri: null,
    policyUri: null,
    tosUri: null,
    backchannelLogoutUri: null,
    ...changes,
  }
}

/** A signing key that no other test knows. */
export function aKey(changes: Partial<SigningKeyRecord> = {}): SigningKeyRecord {
  return {
    id: randomUUID(),
    algorithm: 'ES256',
    sealedPrivateKey: 'v1.x',
    createdAt: now,
    signsFrom: now,
    verifiesUntil: null,
    ...changes,
  }
}

/** A live one-time token that no other test knows, of nobody. */
export function aToken(changes: Partial<OneTimeTokenRecord> = {}): OneTimeTokenRecord {
  return {
    digest: randomUUID(),
    kind: 'registration',
    subject: randomUUID(),
    userId: null,
    securityStamp: null,
    addressDigest: null,
    payload: 'v1.payload',
    tries: 0,
    createdAt: now,
    expiresAt: now + 1000,
    ...changes,
  }
}

/** The same of a user. */
export function aTokenOf(
  { id, securityStamp }: UserRecord,
  changes: Partial<OneTimeTokenRecord> = {},
): OneTimeTokenRecord {
  return aToken({ kind: 'password_reset', subject: id, userId: id, securityStamp, ...changes })
}

/** A mail that no other test knows, due at once. */
export function aMail(changes: Partial<NewMail> = {}): NewMail {
  return {
    id: uuidv7(),
    kind: 'password_changed',
    recipient: 'v1.recipient',
    coalesceKey: null,
    payload: 'v1.payload',
    createdAt: now,
    dueAt: now,
    expiresAt: now + 1000,
    ...changes,
  }
}

/** An authenticator app of a user that is not confirmed. */
export function aFactor({ id }: UserRecord, changes: Partial<FactorRecord> = {}): FactorRecord {
  return {
    id: uuidv7(),
    userId: id,
    kind: 'totp',
    name: unique('phone'),
    createdAt: now,
    confirmedAt: null,
    lastUsedAt: null,
    sealedSecret: 'v1.secret',
    lastStep: null,
    passkey: null,
    ...changes,
  }
}

/** A passkey that counts. */
export function aPasskey(user: UserRecord, changes: Partial<PasskeyRecord> = {}): FactorRecord {
  return aFactor(user, {
    ...{ kind: 'passkey', confirmedAt: now, lastUsedAt: now, sealedSecret: null },
    passkey: {
      ...{ credentialId: randomUUID(), publicKey: 'key', counter: 5, aaguid: randomUUID() },
      ...{ backupEligible: true, backedUp: false, transports: ['internal'] },
      ...changes,
    },
  })
}

/** An event that no other test knows. */
export function anEvent(changes: Partial<AuthEvent> = {}): AuthEvent {
  return { id: uuidv7(), type: 'user_updated', at: now, outcome: 'success', ...changes }
}

/** Stores a new user. */
export async function addUser(
  store: Store,
  changes: Partial<UserRecord> = {},
): Promise<UserRecord> {
  const user = aUser(changes)
  await store.users.create(user)
  return user
}

/** A user who has verified an address. */
export function aUserWith(address: string, changes: Partial<UserRecord> = {}): UserRecord {
  return aUser({ email: address, emailKey: address, emailVerifiedAt: now, ...changes })
}

/** Runs 50 at the same time, by turns in both processes. */
export async function fiftyAtOnce<T, Opened extends Store>(
  [store, other]: readonly [Opened, Opened],
  run: (store: Opened, index: number) => Promise<T>,
): Promise<readonly PromiseSettledResult<T>[]> {
  return await Promise.allSettled(
    Array.from({ length: 50 }, (_, index) => run(index % 2 ? store : other, index)),
  )
}

/** What those answered. None may have failed. */
export function answersOf<T>(results: readonly PromiseSettledResult<T>[]): readonly T[] {
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}

/** True for the refusal of this code. */
export const conflict =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof ConflictError && error.code === code
