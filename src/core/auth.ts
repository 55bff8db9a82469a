import { createPermissions, type Permissions } from './access/permissions.ts'
import { createRoles, type Roles } from './access/roles.ts'
import { type AuthOptions, optionProblems } from './auth-options.ts'
import { createClientAttempts } from './clients/attempts.ts'
import { type Clients, createClients } from './clients/clients.ts'
import { readConfiguredClients } from './clients/configured.ts'
import { firstPartyClientId } from './clients/registration.ts'
import { createClientStamps } from './clients/stamp.ts'
import { type Clock, systemClock } from './clock.ts'
import { ConfigError } from './errors.ts'
import { type AuthEvents, checkEventRetention, createAuthEvents } from './events/events.ts'
import { createIdentities, type Identities } from './issuers/identities.ts'
import { createIssuers, type Issuers } from './issuers/issuers.ts'
import { defaultRoleOf, issuerProblems } from './issuers/resource-server.ts'
import type { KeyRing } from './keys/key-ring.ts'
import { createKeyedDigest } from './keys/keyed-digest.ts'
import { loadKeys } from './keys/load-keys.ts'
import type { ManagedKeys } from './keys/rotation.ts'
import { createPasswordHasher, type PasswordHasher } from './passwords/password-hash.ts'
import { createPasswordPolicy, type PasswordPolicy } from './passwords/password-policy.ts'
import { readPeppers, requirePeppers } from './passwords/peppers.ts'
import { createRefreshTokens } from './sessions/refresh-token.ts'
import { checkSessionOptions, createSessions, type Sessions } from './sessions/sessions.ts'
import type { Store } from './store.ts'
import { createThrottle, type Throttle } from './throttle/throttle.ts'
import { type AccessTokenIssuer, createAccessTokenIssuer } from './tokens/access-token.ts'
import { createLogin, type Login } from './users/login.ts'
import { createUsers, type Users } from './users/users.ts'

/** An application's security, assembled: what every guard, endpoint and command works with. */
export interface Auth {
  /** Where everything is kept; open until `close`. */
  readonly store: Store
  /** What each role grants. */
  readonly roles: Roles
  /** Every permission that is known by now, with a sentence each. */
  readonly permissions: Permissions
  /** Creates and changes users. */
  readonly users: Users
  /** Checks a username and password. */
  readonly login: Login
  /** Counts failed attempts, and slows them down. */
  readonly throttle: Throttle
  /** Hashes and verifies passwords. */
  readonly passwords: PasswordHasher
  /** Judges new passwords. */
  readonly passwordPolicy: PasswordPolicy
  /** Signs and verifies access tokens. */
  readonly accessTokens: AccessTokenIssuer
  /** Opens, refreshes and ends sessions. */
  readonly sessions: Sessions
  /** The registered OAuth clients, and the built-in one. */
  readonly clients: Clients
  /** The other issuers whose tokens are accepted. */
  readonly issuers: Issuers
  /** Which of their identities are linked to which users. */
  readonly identities: Identities
  /** The keys that sign and verify. */
  readonly keys: KeyRing
  /** The keys in the store, to be rotated; null with a secret key. */
  readonly managedKeys: ManagedKeys | null
  /** What happened that an operator may want to know. */
  readonly events: AuthEvents
  /** The `iss` of tokens. */
  readonly issuer: string
  /** The `aud` of tokens. */
  readonly audience: string
  /** The time, in integer seconds. */
  readonly clock: Clock
  /** Closes the store. */
  close(): Promise<void>
}

/**
 * Opens the store and returns an application's security.
 *
 * @throws {ConfigError} with every problem of the options, before the store is opened; then if a key or
 * a pepper is missing that something in the store needs.
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
  const policy = await attempt(() => {
    const { contextWords = [], ...rest } = options.passwordPolicy ?? {}
    return createPasswordPolicy({ ...rest, contextWords: [...contextWords, ...wordsOf(issuer)] })
  })
  const passwords = await attempt(() => createPasswordHasher(options.passwordHash))
  const sessionOptions = await attempt(() => checkSessionOptions(options.sessions))
  const configured = await attempt(() => readConfiguredClients(options.clients))
  const eventRetention = await attempt(() => checkEventRetention(options.eventRetention))
  const defaultRole = options.defaultRole ?? (roles ? defaultRoleOf(roles) : '')
  const trusted = options.issuers ?? []
  problems.push(...issuerProblems(trusted, roles, issuer))
  if (roles && !roles.names.includes(defaultRole)) {
    problems.push(`The default role must be one of: ${roles.names.join(', ')}.`)
  }
  if (
    problems.length > 0 ||
    !(roles && policy && passwords && sessionOptions && configured && eventRetention)
  ) {
    throw new ConfigError(problems)
  }

  await store.open()
  try {
    requirePeppers(await store.users.pepperIds(), readPeppers(options.passwordHash))
    const events = createAuthEvents(store.events, clock, eventRetention)
    const loaded = await loadKeys(options, accessTokenLifetime, events, clock)
    const { keys, managedKeys, secret, previousSecrets } = loaded
    const throttle = createThrottle(store.throttle, secret, clock)
    const digest = createKeyedDigest(secret, 'portcullis events')
    const login = createLogin({ store, hasher: passwords, throttle, events, digest })
    const issuers = createIssuers({ trusted, roles, defaultRole, clock, store, events })
    const kept = trusted.filter(({ users }) => users !== 'token')
    return {
      store,
      roles,
      permissions: createPermissions(
        options.permissions ?? {},
        roles.names.flatMap((role) => roles.permissionsOf(role)),
      ),
      users: createUsers({
        store,
        hasher: passwords,
        policy,
        login,
        events,
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
        refreshTokens: createRefreshTokens(secret, previousSecrets),
        events,
        clock,
        options: sessionOptions,
      }),
      clients: createClients({
        store,
        digest,
        configured,
        stamps: createClientStamps(secret, previousSecrets),
        events,
        attempts: createClientAttempts(throttle, clock),
        clock,
      }),
      issuers,
      identities: createIdentities({
        store,
        issuers: kept.map((each) => each.issuer),
        events,
        clock,
      }),
      keys,
      managedKeys,
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

/** The host of an issuer: what people think of when they are to choose a password for the site. */
function wordsOf(issuer: string): readonly string[] {
  const host = URL.parse(issuer)?.hostname
  return host ? [host] : []
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
