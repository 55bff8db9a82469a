import { createPermissions, openIdScopeNames, type Permissions } from './access/permissions.ts'
import type { Roles } from './access/roles.ts'
import { type Accounts, createAccounts, createMailParts, noAccounts } from './accounts/accounts.ts'
import { createOneTimeTokens } from './accounts/one-time-tokens.ts'
import type { ApiKeys } from './api-keys/api-keys.ts'
import type { ApiKeyParts, ApiKeyPartsOptions } from './api-keys/create-api-keys.ts'
import type { AuthOptions } from './auth-options.ts'
import { hostedLoginParts } from './authorization/hosted-login.ts'
import { type CheckedOptions, checkAuthOptions } from './checked-options.ts'
import { createClientAttempts } from './clients/attempts.ts'
import { type Clients, createClients } from './clients/clients.ts'
import { createClientStamps } from './clients/stamp.ts'
import type { Clock } from './clock.ts'
import { type Compatibility, readCompatibility } from './compatibility.ts'
import { createAuthEvents, type Events, publicEvents } from './events/events.ts'
import type { Factors } from './factors/factor-calls.ts'
import { type AuthInternals, internals } from './internals.ts'
import { createIdentities, type Identities } from './issuers/identities.ts'
import { createIssuers, type Issuers } from './issuers/issuers.ts'
import { grantable } from './issuers/resource-server.ts'
import { createKeyedDigest } from './keys/keyed-digest.ts'
import { loadKeys } from './keys/load-keys.ts'
import type { ManagedKeys } from './keys/rotation.ts'
import { loadResealing } from './load-resealing.ts'
import { noNotices } from './mail/notices.ts'
import { createAddressDigests } from './mail/one-time-secret.ts'
import { createMaintenance, type MaintenanceOptions } from './maintenance.ts'
import { createPasswordHasher } from './passwords/password-hash.ts'
import { createPasswordPolicy, type PasswordPolicy } from './passwords/password-policy.ts'
import { createPasswords, type Passwords } from './passwords/passwords.ts'
import { readPeppers, requirePeppers } from './passwords/peppers.ts'
import { createRefreshTokens } from './sessions/refresh-token.ts'
import { createSessions, type Sessions } from './sessions/sessions.ts'
import { createThrottle } from './throttle/throttle.ts'
import { type AccessTokens, createAccessTokenIssuer } from './tokens/access-token.ts'
import { type Credentials, createLogin } from './users/login.ts'
import { createUserPreparer } from './users/new-user.ts'
import { userAt } from './users/suspension.ts'
import type { User } from './users/user.ts'
import type { AnyFields, FieldsOf, UserFields } from './users/user-fields.ts'
import { createUsers, type Users } from './users/users.ts'

/** An application's security, assembled: what every guard, endpoint and command works with. */
export interface Auth<Fields extends UserFields = UserFields> {
  /**
   * Authenticates a user: returns the user if the password is right, else null. Opens no session and
   * issues no token: `POST /auth/token` does all three.
   *
   * Does not check that the user is active: `active` is false for a suspended user too. An unknown name, a
   * user without a password and a wrong password cost one hash each and are one answer.
   *
   * @throws {ThrottledError} if too many attempts on the account, or from the address, have failed.
   * @throws {UnavailableError} if too many hashes are waiting, or the store cannot answer.
   */
  authenticate(credentials: Credentials): Promise<User<Fields> | null>
  /** What each role grants. */
  readonly roles: Roles
  /** Every permission that is known so far, with a sentence each. */
  readonly permissions: Permissions
  /** Creates and changes users. */
  readonly users: Users<Fields>
  /** Registration, invitations, resets and addresses: what the option `accounts` switches on. */
  readonly accounts: Accounts<Fields>
  /** Makes, lists and ends API keys of users; null without the option `apiKeys`. */
  readonly apiKeys: ApiKeys | null
  /** The second factors of users; null without the option `factors`. */
  readonly factors: Factors | null
  /** Hashes and verifies passwords. */
  readonly passwords: Passwords
  /** Judges new passwords. */
  readonly passwordPolicy: PasswordPolicy
  /** Verifies access tokens. */
  readonly accessTokens: AccessTokens
  /** Opens, refreshes and ends sessions. */
  readonly sessions: Sessions
  /** The registered OAuth clients, and the built-in one. */
  readonly clients: Clients
  /** The other issuers whose tokens are accepted. */
  readonly issuers: Issuers
  /** Which of their identities are linked to which users. */
  readonly identities: Identities
  /** The keys in the store, to be rotated; null with a secret key. */
  readonly managedKeys: ManagedKeys | null
  /** What happened that an operator may want to know. */
  readonly events: Events
  /** The `iss` of tokens. */
  readonly issuer: string
  /** The `aud` of tokens. */
  readonly audience: string
  /** The system whose HTTP answers ours are like; null for those of the standards. */
  readonly compatibility: Compatibility | null
  /** The time, in integer seconds. */
  readonly clock: Clock
  /** Rejects when the store cannot answer now: for a health check. */
  check(): Promise<void>
  /**
   * Does the regular maintenance until the signal aborts. It deletes ended sessions, old events and
   * counts of failed logins. It rotates the managed keys, and learns how long password hashes take. It
   * begins at once, runs at its own intervals, and keeps no process alive.
   *
   * The promise is fulfilled after the abort, when the work under way has ended: close the store then.
   * A failure is told to `onError`, and the work is tried again at its next time: no failure rejects it.
   *
   * The Fastify plugin calls it while the application listens.
   *
   * @throws {TypeError} (rejects at once) without a signal.
   * @throws {ConfigError} (rejects at once) `config_invalid` for an option that is not known.
   */
  maintain(signal: AbortSignal, options?: MaintenanceOptions): Promise<void>
  /** Closes the store. */
  close(): Promise<void>
  /** What the package itself uses. */
  readonly [internals]: AuthInternals
}

/**
 * Opens the store and returns an application's security.
 *
 * @throws {ConfigError} with every problem of the options, before the store is opened: what is missing,
 * what is not known, and what cannot be used. Then if a key or a pepper is missing that something in the
 * store needs.
 */
export async function createAuth<Fields extends AnyFields = UserFields>(
  given: AuthOptions<Fields>,
): Promise<Auth<FieldsOf<Fields>>> {
  // Every value of these fields has passed the schema that the type is of.
  return (await assemble(given as never)) as never
}

async function assemble(given: AuthOptions): Promise<Auth> {
  const checked = await checkAuthOptions(given)
  const { options, roles, defaultRole, fields, defaultFields, accountSettings, trusted } = checked
  const { store: bare, issuer, audience, accessTokenLifetime, clock } = checked
  const passwords = await createPasswordHasher(options.passwordHash)
  await bare.open()
  try {
    requirePeppers(await bare.users.pepperIds(), readPeppers(options.passwordHash))
    const events = createAuthEvents(bare.events, clock, checked.eventRetention)
    const policy = createPasswordPolicy(checked.passwordPolicy, (reason) =>
      events.record({ type: 'breach_check_failed', actor: 'system', reason }),
    )
    const loaded = await loadKeys(options, { store: bare, accessTokenLifetime, events, clock })
    const { keys, managedKeys, secret, previousSecrets } = loaded
    const resealing = await loadResealing(loaded, checked, { store: bare, events, clock })
    const throttle = createThrottle(bare.throttle, secret, clock)
    const digest = createKeyedDigest(secret, 'portcullis events')
    const hostedLogin = options.hostedLogin?.[hostedLoginParts]
    const { documentedAt, ...clients } = createClients({
      store: bare,
      digest,
      configured: checked.configured,
      hostedAt: hostedLogin ? issuer : null,
      stamps: createClientStamps(secret, previousSecrets),
      events,
      attempts: createClientAttempts(throttle, clock),
      clock,
    })
    const logoutNotices =
      hostedLogin?.createLogoutNotices({ store: bare, clients, events, keys, issuer, clock }) ??
      null
    // What ends sessions tells their clients.
    const store = logoutNotices?.store ?? bare
    const addressDigestsOf = createAddressDigests(secret, previousSecrets)
    const parts = { store, secret, previousSecrets, clock }
    const oneTimeTokens = createOneTimeTokens({ ...parts, addressDigestsOf })
    const mailing =
      accountSettings &&
      createMailParts({ ...parts, settings: accountSettings, oneTimeTokens, issuer, events })
    const notices = mailing?.notices ?? noNotices
    const factorParts =
      checked.factorSettings &&
      // Loaded for those who have the option alone.
      (await (
        await import('./factors/create-factors.ts')
      ).createFactorParts({
        ...{ ...parts, settings: checked.factorSettings, oneTimeTokens },
        ...{ throttle, events, notices, sessionOptions: checked.sessionOptions },
      }))
    const second = factorParts?.second ?? null
    const requireFactor = second?.require
    const login = createLogin({ store, hasher: passwords, throttle, events, notices, digest })
    const common = {
      ...{ store, hasher: passwords, policy, login, events, roles, defaultRole, fields, clock },
    }
    const preparer = createUserPreparer(common)
    const accounts = mailing && createAccounts({ ...common, parts: mailing, preparer })
    const issuers = createIssuers({
      ...{ trusted, roles, defaultRole, clock, store, events, fields, defaultFields },
    })
    const kept = trusted.filter(({ users }) => users !== 'token')
    const refreshTokens = createRefreshTokens(secret, previousSecrets)
    const sessions = createSessions({
      store,
      refreshTokens,
      events,
      clock,
      options: checked.sessionOptions,
      requireFactor,
      onOpened: mailing
        ? async (user, from) => {
            await accounts?.deletion?.cancel(user)
            await notices.loggedIn(user, from)
          }
        : undefined,
    })
    const accessTokens = createAccessTokenIssuer({
      keys,
      issuer,
      audience,
      lifetime: accessTokenLifetime,
      clock,
      ...(trusted.length > 0 && { verifyExternal: issuers.verify }),
    })
    const apiKeys = await loadApiKeys(checked, {
      ...{ store, roles, keys, events, notices, issuer, audience, clock },
    })
    const permissions = createPermissions(
      options.permissions ?? {},
      [...grantable(roles, trusted), ...checked.configured.flatMap(({ scopes }) => scopes ?? [])],
      hostedLogin && openIdScopeNames,
    )
    const authorization = hostedLogin?.createAuthorization({
      ...{ store, events, sessions, sessionOptions: checked.sessionOptions, keys, managedKeys },
      ...{ secret, previousSecrets, refreshTokens, issuer, clock, requireFactor },
    })
    return {
      async authenticate(credentials) {
        const record = await login.authenticate(credentials)
        return record && userAt(record, clock())
      },
      roles,
      permissions,
      users: createUsers({ ...common, notices, addressDigestsOf, unlockFactors: second?.unlock }),
      accounts: accounts ?? noAccounts,
      apiKeys: apiKeys?.keys ?? null,
      factors: factorParts?.factors ?? null,
      passwords: createPasswords(passwords),
      passwordPolicy: policy,
      accessTokens: { lifetime: accessTokenLifetime, verify: accessTokens.verify },
      sessions,
      clients,
      issuers,
      identities: createIdentities({
        store,
        issuers: kept.map((each) => each.issuer),
        events,
        clock,
      }),
      managedKeys,
      events: publicEvents(events),
      issuer,
      audience,
      compatibility: readCompatibility(options.compatibility),
      clock,
      check: () => store.check(),
      maintain: createMaintenance({
        ...{ sessions, events, throttle, login, managedKeys, logoutNotices },
        oneTimeTokens: mailing || factorParts ? oneTimeTokens : null,
        accounts: mailing && {
          outbox: mailing.outbox,
          deletion: accounts?.deletion ?? null,
        },
        factors: factorParts,
        codes: authorization?.codes ?? null,
        apiKeys: apiKeys?.keys ?? null,
        resealing,
      }),
      async close() {
        issuers.close()
        await apiKeys?.verifier.settle()
        await accountSettings?.mailer?.close?.()
        await store.close()
      },
      [internals]: {
        ...{ store: bare, clients, login, throttle, passwords, accessTokens },
        ...{ events, keys, notices, defaultRole },
        apiKeys: apiKeys?.verifier ?? null,
        ...{ outbox: mailing?.outbox ?? null, accountSettings: accountSettings ?? null, fields },
        ...{ second, documentedAt, resealing },
        hosted:
          hostedLogin && authorization ? { ...hostedLogin, authorization, logoutNotices } : null,
      },
    }
  } catch (error) {
    await bare.close()
    throw error
  }
}

/** What is there of API keys, if they are switched on; null, and nothing of it is loaded, if not. */
async function loadApiKeys(
  { apiKeyOptions: options }: CheckedOptions,
  parts: Omit<ApiKeyPartsOptions, 'options'>,
): Promise<ApiKeyParts | null> {
  if (options === null) return null
  const { createApiKeyParts } = await import('./api-keys/create-api-keys.ts')
  return createApiKeyParts({ ...parts, options })
}
