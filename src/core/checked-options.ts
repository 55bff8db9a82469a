import { createRoles, type Roles } from './access/roles.ts'
import { type AccountSettings, readAccountOptions, siteNameOf } from './accounts/account-options.ts'
import type { ApiKeyOptions } from './api-keys/api-key-options.ts'
import { type AuthOptions, optionProblems, readAuthOptions } from './auth-options.ts'
import type { ClientRecord } from './clients/client-store.ts'
import { readConfiguredClients } from './clients/configured.ts'
import { type Clock, systemClock } from './clock.ts'
import { ConfigError } from './errors.ts'
import { checkEventRetention } from './events/events.ts'
import { type FactorSettings, readFactorOptions } from './factors/factor-options.ts'
import { defaultFieldsFor } from './issuers/default-fields.ts'
import type { TrustedIssuer } from './issuers/external-issuer.ts'
import { defaultRoleOf, issuerProblems } from './issuers/resource-server.ts'
import { attempt } from './options.ts'
import { checkHasherOptions } from './passwords/password-hash.ts'
import { checkPolicyOptions, type PasswordPolicyOptions } from './passwords/password-policy.ts'
import { checkSessionOptions, type SessionOptions } from './sessions/session-options.ts'
import type { Store } from './store.ts'
import { createOwnFields, type OwnFields } from './users/own-fields.ts'
import type { UserFields } from './users/user-fields.ts'

/** The options of `createAuth` with their defaults, each judged. */
export interface CheckedOptions {
  /** As they were given. */
  readonly options: AuthOptions
  readonly store: Store
  readonly issuer: string
  readonly audience: string
  /** Seconds. */
  readonly accessTokenLifetime: number
  readonly clock: Clock
  readonly roles: Roles
  readonly defaultRole: string
  readonly passwordPolicy: PasswordPolicyOptions
  readonly sessionOptions: Required<SessionOptions>
  readonly configured: readonly ClientRecord[]
  /** Null if nothing of accounts is switched on. */
  readonly accountSettings: AccountSettings | null
  /** Null if there are no API keys. */
  readonly apiKeyOptions: Required<ApiKeyOptions> | null
  /** Null if nobody has second factors. */
  readonly factorSettings: FactorSettings | null
  readonly fields: OwnFields
  readonly defaultFields: UserFields
  readonly eventRetention: number
  readonly trusted: readonly TrustedIssuer[]
}

/** @throws {ConfigError} with every problem of the options. */
export async function checkAuthOptions(given: AuthOptions): Promise<CheckedOptions> {
  const { options, problems } = readAuthOptions(given)
  const {
    store,
    issuer = 'http://localhost',
    audience = issuer,
    accessTokenLifetime = 15 * 60,
    clock = systemClock,
  } = options

  problems.push(...optionProblems(options, accessTokenLifetime, issuer, audience))
  const roles = attempt(problems, () => createRoles(options.roles))
  const { passwordPolicy = {}, issuers: trusted = [] } = options
  const policing = attempt(problems, () => checkPolicyOptions(passwordPolicy))
  const hashing = attempt(problems, () => checkHasherOptions(options.passwordHash))
  const sessionOptions = attempt(problems, () => checkSessionOptions(options.sessions ?? {}))
  const configured = attempt(problems, () => readConfiguredClients(options.clients))
  const accountSettings = attempt(problems, () =>
    options.accounts === undefined ? null : readAccountOptions(options.accounts, issuer),
  )
  const apiKeyOptions = await readApiKeys(options.apiKeys, problems)
  const siteName = options.accounts?.name ?? siteNameOf(issuer)
  const factorSettings =
    options.factors === undefined
      ? null
      : await readFactorOptions(options.factors, { roles, issuer, siteName }).catch((error) =>
          attempt(problems, () => {
            throw error
          }),
        )
  const fields = attempt(problems, () => createOwnFields(options.userFields))
  const eventRetention = attempt(problems, () => checkEventRetention(options.eventRetention))
  const defaultRole = options.defaultRole ?? (roles ? defaultRoleOf(roles) : '')
  const defaultFields = fields && (await defaultFieldsFor(trusted, fields, problems))
  problems.push(...issuerProblems(trusted, roles, issuer))
  if (roles && !roles.names.includes(defaultRole)) {
    problems.push(`The default role must be one of: ${roles.names.join(', ')}.`)
  }
  const areFit =
    roles && policing && hashing && sessionOptions && configured && eventRetention && fields
  if (
    problems.length > 0 ||
    !areFit ||
    !defaultFields ||
    accountSettings === undefined ||
    factorSettings === undefined
  ) {
    throw new ConfigError(problems)
  }
  const { contextWords = [] } = passwordPolicy
  return {
    ...{ options, store, issuer, audience, accessTokenLifetime, clock, roles, defaultRole },
    passwordPolicy: { ...passwordPolicy, contextWords: [...contextWords, ...wordsOf(issuer)] },
    ...{ sessionOptions, configured, accountSettings, fields, defaultFields, eventRetention },
    ...{ trusted, apiKeyOptions, factorSettings },
  }
}

/** Null if they are off, or there are problems. What reads them is loaded only if they are on. */
async function readApiKeys(
  given: AuthOptions['apiKeys'],
  problems: string[],
): Promise<Required<ApiKeyOptions> | null> {
  if (given === undefined || given === false) return null
  const { readApiKeyOptions } = await import('./api-keys/api-key-options.ts')
  return attempt(problems, () => readApiKeyOptions(given)) ?? null
}

/** The host of an issuer: what people think of when they are to choose a password for the site. */
function wordsOf(issuer: string): readonly string[] {
  const host = URL.parse(issuer)?.hostname
  return host ? [host] : []
}
