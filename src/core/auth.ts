import {
  type AccessTokenIssuer,
  createAccessTokenIssuer,
  firstPartyClientId,
} from './access-token.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { type AuthOptions, optionProblems } from './auth-options.ts'
import { type Clock, systemClock } from './clock.ts'
import { ConfigError } from './errors.ts'
import { type AuthEvents, createAuthEvents } from './events.ts'
import { createIdentities, type Identities } from './identities.ts'
import { createIssuers, type Issuers } from './issuers.ts'
import { createLogin, type Login } from './login.ts'
import { loadManagedKeys } from './managed-keys.ts'
import { createPasswordHasher, type PasswordHasher } from './password-hash.ts'
import { createPasswordPolicy, type PasswordPolicy } from './password-policy.ts'
import { createPermissions, type Permissions } from './permissions.ts'
import { createRefreshTokens } from './refresh-token.ts'
import { defaultRoleOf, issuerProblems } from './resource-server.ts'
import { createRoles, type Roles } from './roles.ts'
import { checkSessionOptions, createSessions, type Sessions } from './sessions.ts'
import { createKeyRing, importSecret, type KeyRing } from './signing-key.ts'
import type { Store } from './store.ts'
import { createThrottle, type Throttle } from './throttle.ts'

export { firstPartyClientId }

/** An application's security, assembled: what every guard, endpoint and command works with. */
export interface Auth {
  readonly store: Store
  readonly roles: Roles
  readonly permissions: Permissions
  readonly accounts: Accounts
  readonly login: Login
  readonly throttle: Throttle
  readonly passwords: PasswordHasher
  readonly passwordPolicy: PasswordPolicy
  readonly accessTokens: AccessTokenIssuer
  readonly sessions: Sessions
  /** The other issuers whose tokens are accepted. */
  readonly issuers: Issuers
  /** Which of their identities are linked to which users. */
  readonly identities: Identities
  readonly keys: KeyRing
  readonly events: AuthEvents
  readonly issuer: string
  readonly audience: string
  readonly clock: Clock
  /** Closes the store. */
  close(): Promise<void>
}

/**
 * Opens the store and returns an application's security.
 *
 * @throws {ConfigError} with every problem of the options, before the store is opened.
 */
export async function createAuth(options: AuthOptions): Promise<Auth> {
  const {
    store,
    issuer = 'http://localhost',
    audience = issuer,
    accessTokenLifetime = 15 * 60,
    clock = systemClock,
  } = options

  const problems = optionProblems(options, accessTokenLifetime, issuer, audience)
  const attempt = async <T>(make: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await make()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(...error.problems)
      return undefined
    }
  }
  const roles = await attempt(() => createRoles(options.roles))
  const policy = await attempt(() => createPasswordPolicy(options.passwordPolicy))
  const passwords = await attempt(() => createPasswordHasher(options.passwordHash))
  const sessionOptions = await attempt(() => checkSessionOptions(options.sessions))
  const defaultRole = options.defaultRole ?? (roles ? defaultRoleOf(roles) : '')
  const trusted = options.issuers ?? []
  problems.push(...issuerProblems(trusted, roles, issuer))
  if (roles && !roles.names.includes(defaultRole)) {
    problems.push(`The default role must be one of: ${roles.names.join(', ')}.`)
  }
  if (problems.length > 0 || !roles || !policy || !passwords || !sessionOptions) {
    throw new ConfigError(problems)
  }

  await store.open()
  try {
    const { keys, secret } = await loadKeys(options, clock)
    const throttle = createThrottle(store.throttle, secret, clock)
    const login = createLogin({ store, hasher: passwords, throttle })
    const events = createAuthEvents(clock)
    const issuers = createIssuers({ trusted, roles, defaultRole, clock, store })
    const kept = trusted.filter(({ users }) => users !== 'token')
    return {
      store,
      roles,
      permissions: createPermissions(
        options.permissions ?? {},
        roles.names.flatMap((role) => roles.permissionsOf(role)),
      ),
      accounts: createAccounts({
        store,
        hasher: passwords,
        policy,
        login,
        roles,
        defaultRole,
        clock,
      }),
      login,
      throttle,
      passwords,
      passwordPolicy: policy,
      accessTokens: createAccessTokenIssuer({
        keys,
        issuer,
        audience,
        lifetime: accessTokenLifetime,
        clock,
        ...(trusted.length > 0 && { verifyExternal: issuers.verify }),
      }),
      sessions: createSessions({
        store,
        refreshTokens: createRefreshTokens(secret),
        events,
        clock,
        options: sessionOptions,
      }),
      issuers,
      identities: createIdentities({
        store,
        issuers: kept.map((each) => each.issuer),
        clock,
      }),
      keys,
      events,
      issuer,
      audience,
      clock,
      async close() {
        issuers.close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/**
 * Issues an access token for a user by id, without a password: for tests, jobs and a command line.
 * It delegates all that the user's role grants, or the given scopes.
 *
 * Does not check that the scopes are granted by the role: a guard refuses those that are not.
 */
export async function createAccessToken(
  auth: Auth,
  userId: string,
  scopes?: readonly string[],
): Promise<string | null> {
  const user = await auth.store.users.findById(userId)
  if (user === null) return null
  const { token } = await auth.accessTokens.issue({
    subject: user.id,
    clientId: firstPartyClientId,
    scopes: scopes ?? auth.roles.permissionsOf(user.role),
    role: user.role,
    endsWith: { securityStamp: user.securityStamp },
  })
  return token
}

interface LoadedKeys {
  readonly keys: KeyRing
  /** Never in the database; the keys of other purposes are derived from it. */
  readonly secret: Uint8Array
}

async function loadKeys(options: AuthOptions, clock: Clock): Promise<LoadedKeys> {
  const { store, secretKey, signingAlgorithm = 'ES256' } = options
  if (secretKey !== undefined) {
    const keys = createKeyRing([await importSecret(secretKey)])
    return { keys, secret: new TextEncoder().encode(secretKey) }
  }
  const secret = options.keyEncryptionKey ?? (await store.keyEncryptionKey?.())
  if (secret === undefined) {
    throw new ConfigError([
      'This store has no place for a key-encryption key: set keyEncryptionKey (32 random bytes), or a secretKey.',
    ])
  }
  return { keys: await loadManagedKeys(store.signingKeys, signingAlgorithm, secret, clock), secret }
}
