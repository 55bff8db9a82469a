import { type AccessTokenIssuer, createAccessTokenIssuer } from './access-token.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { type Clock, systemClock } from './clock.ts'
import { ConfigError } from './errors.ts'
import { createLogin, type Login } from './login.ts'
import { loadManagedKeys } from './managed-keys.ts'
import {
  createPasswordHasher,
  type PasswordHasher,
  type PasswordHasherOptions,
} from './password-hash.ts'
import {
  createPasswordPolicy,
  type PasswordPolicy,
  type PasswordPolicyOptions,
} from './password-policy.ts'
import { createPermissions, type Permissions } from './permissions.ts'
import { createRefreshTokens } from './refresh-token.ts'
import { createRoles, type RoleMap, type Roles } from './roles.ts'
import {
  checkSessionOptions,
  createSessions,
  type SessionOptions,
  type Sessions,
} from './sessions.ts'
import {
  createKeyRing,
  importSecret,
  type KeyRing,
  type SigningAlgorithm,
  secretProblems,
  signingAlgorithms,
} from './signing-key.ts'
import type { Store } from './store.ts'

/** The client of a login that names none: the application's own front ends (RFC 6749 §2.1, public). */
export const firstPartyClientId = 'first-party'

/** Longest access token lifetime without `allowLongAccessTokens`, in seconds. */
export const accessTokenMaxLifetime: number = 60 * 60

export interface AuthOptions {
  /** Where users and keys are kept: `sqlite('app.db')`, `memory()`. */
  readonly store: Store
  /** Default `{ admin: ['*'], member: [] }`. */
  readonly roles?: RoleMap
  /** The role of a user created without one. Default `member` if there is one, else the last role. */
  readonly defaultRole?: string
  /** Permissions with a sentence each, shown where a login chooses its scopes. */
  readonly permissions?: Readonly<Record<string, string>>
  /**
   * Signs with HS256 under the bytes of this text, at least 32. Without it, keys are made at first
   * start and kept in the store, encrypted.
   */
  readonly secretKey?: string
  /** The algorithm of managed keys. Default ES256. Not used with `secretKey`. */
  readonly signingAlgorithm?: SigningAlgorithm
  /** 32 bytes that managed keys are encrypted under. Default: what the store keeps for it. */
  readonly keyEncryptionKey?: Uint8Array
  /** The `iss` of tokens: the URL of this service. Default `http://localhost`. */
  readonly issuer?: string
  /** The `aud` of tokens: the identifier of this API. Default: the issuer. */
  readonly audience?: string
  /** Seconds. Default 900 (15 minutes); at most 3600. */
  readonly accessTokenLifetime?: number
  /** Accepts a lifetime above an hour: a stolen token then works for all that time. */
  readonly allowLongAccessTokens?: boolean
  readonly passwordHash?: PasswordHasherOptions
  readonly passwordPolicy?: PasswordPolicyOptions
  readonly sessions?: SessionOptions
  /** Default: the wall clock. */
  readonly clock?: Clock
}

/** An application's security, assembled: what every guard, endpoint and command works with. */
export interface Auth {
  readonly store: Store
  readonly roles: Roles
  readonly permissions: Permissions
  readonly accounts: Accounts
  readonly login: Login
  readonly passwords: PasswordHasher
  readonly passwordPolicy: PasswordPolicy
  readonly accessTokens: AccessTokenIssuer
  readonly sessions: Sessions
  readonly keys: KeyRing
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
  const defaultRole =
    options.defaultRole ??
    (roles?.names.includes('member') ? 'member' : (roles?.names.at(-1) ?? ''))
  if (roles && !roles.names.includes(defaultRole)) {
    problems.push(`The default role must be one of: ${roles.names.join(', ')}.`)
  }
  if (problems.length > 0 || !roles || !policy || !passwords || !sessionOptions) {
    throw new ConfigError(problems)
  }

  await store.open()
  try {
    const { keys, secret } = await loadKeys(options, clock)
    const login = createLogin(store, passwords)
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
      passwords,
      passwordPolicy: policy,
      accessTokens: createAccessTokenIssuer({
        keys,
        issuer,
        audience,
        lifetime: accessTokenLifetime,
        clock,
      }),
      sessions: createSessions(store, createRefreshTokens(secret), clock, sessionOptions),
      keys,
      issuer,
      audience,
      clock,
      close: () => store.close(),
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

function optionProblems(
  options: AuthOptions,
  lifetime: number,
  issuer: string,
  audience: string,
): string[] {
  const problems: string[] = []
  if (options.secretKey !== undefined) {
    problems.push(...secretProblems(options.secretKey).map((reason) => `The secret key ${reason}.`))
  }
  if (options.signingAlgorithm && !signingAlgorithms.includes(options.signingAlgorithm)) {
    problems.push(`The signing algorithm must be one of: ${signingAlgorithms.join(', ')}.`)
  }
  if (options.keyEncryptionKey !== undefined && options.keyEncryptionKey.length !== 32) {
    problems.push('The key-encryption key must have exactly 32 bytes.')
  }
  if (!Number.isSafeInteger(lifetime) || lifetime < 1) {
    problems.push('The access token lifetime must be a whole number of seconds, at least 1.')
  } else if (lifetime > accessTokenMaxLifetime && !options.allowLongAccessTokens) {
    problems.push(
      `The access token lifetime must be at most ${accessTokenMaxLifetime} seconds, or allowLongAccessTokens must be set: a stolen token works until it expires.`,
    )
  }
  if (issuer === '') problems.push('The issuer must not be empty.')
  if (audience === '') problems.push('The audience must not be empty.')
  return problems
}
