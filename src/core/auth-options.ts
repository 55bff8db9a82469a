import { describedProblems } from './access/permissions.ts'
import type { RoleMap } from './access/roles.ts'
import { type AccountOptions, accountShapes } from './accounts/account-options.ts'
import type { ApiKeyOptions } from './api-keys/api-key-options.ts'
import { type HostedLogin, hostedLoginParts } from './authorization/hosted-login.ts'
import type { ConfiguredClient } from './clients/configured.ts'
import type { Clock } from './clock.ts'
import type { Compatibility } from './compatibility.ts'
import { type FactorsOptions, factorShapes } from './factors/factor-options.ts'
import type { TrustedIssuer } from './issuers/external-issuer.ts'
import { commonShapes, trustedIssuers } from './issuers/resource-server.ts'
import { type KeyOptions, keyProblems } from './keys/key-options.ts'
import {
  anything,
  bytes,
  flag,
  havingMethod,
  listOfBytes,
  number,
  type ReadOptions,
  readOptions,
  record,
  recordOf,
  required,
  type ShapesOf,
  text,
  texts,
} from './options.ts'
import { breachedShape } from './passwords/breach-check.ts'
import type { Argon2Parameters, PasswordHasherOptions } from './passwords/password-hash.ts'
import type { PasswordPolicyOptions } from './passwords/password-policy.ts'
import type { SessionOptions } from './sessions/session-options.ts'
import type { Store } from './store.ts'
import type { StandardSchema } from './users/standard-schema.ts'
import type { AnyFields, UserFields, UserFieldsOptions } from './users/user-fields.ts'

/** Longest access token lifetime without `allowLongAccessTokens`, in seconds. */
export const accessTokenMaxLifetime: number = 60 * 60

/** What `createAuth` takes. */
export interface AuthOptions<Fields extends AnyFields = UserFields> extends KeyOptions {
  /** Where users and keys are kept: `sqlite('app.db')`, `memory()`. */
  readonly store: Store
  /** The roles, and the permissions that each grants. Default `{ admin: ['*'], member: [] }`. */
  readonly roles?: RoleMap
  /** The role of a user created without one. Default `member` if there is one, else the last role. */
  readonly defaultRole?: string
  /** Permissions with a sentence each, shown where a login chooses its scopes. Default none. */
  readonly permissions?: Readonly<Record<string, string>>
  /** The `iss` of tokens: the URL of this service. Default `http://localhost`. */
  readonly issuer?: string
  /** The `aud` of tokens: the identifier of this API. Default: the issuer. */
  readonly audience?: string
  /** Seconds. Default 900 (15 minutes); at most 3600. */
  readonly accessTokenLifetime?: number
  /** Accepts a lifetime above an hour: a stolen token then works for all that time. Default false. */
  readonly allowLongAccessTokens?: boolean
  /** The cost, the pepper and the threads of password hashes. Default: see `PasswordHasherOptions`. */
  readonly passwordHash?: PasswordHasherOptions
  /** Which new passwords are accepted. Default: see `PasswordPolicyOptions`. */
  readonly passwordPolicy?: PasswordPolicyOptions
  /** How long logins last. Default: see `SessionOptions`. */
  readonly sessions?: SessionOptions
  /**
   * Seconds after which stored events are deleted. Default 7776000 (90 days); at least 604800 (7 days).
   */
  readonly eventRetention?: number
  /** Registered OAuth clients, in addition to those in the store. Default none. */
  readonly clients?: readonly ConfiguredClient[]
  /**
   * Other issuers whose tokens are accepted beside our own, behind the same guards: `keycloak(…)`,
   * `auth0(…)` and others of `portcullis/issuers`. Default none.
   */
  readonly issuers?: readonly TrustedIssuer[]
  /**
   * Answer over HTTP as FastAPI's security tutorials do, for the front ends and the tests of an application
   * that moves from there: bodies of `detail` alone, 401 for a missing scope, no scope where a login asks
   * for none. See `Compatibility`. Default none: the answers of the standards.
   */
  readonly compatibility?: 'fastapi' | Compatibility
  /**
   * Registration, invitations, resets, addresses and notices. Default none: see `AccountOptions`.
   */
  readonly accounts?: AccountOptions
  /**
   * The application's own facts about each user: a Standard Schema of an object, such as one of Zod or
   * Valibot. Users read theirs, administrators and your code write them; `writableBy` says what users
   * write themselves. Kept with the user as JSON, 16 KiB at most. Default: users have none.
   */
  readonly userFields?: StandardSchema<Fields> | UserFieldsOptions<Fields>
  /**
   * Login by browser, for applications that must not see a password (OAuth 2.1, OpenID Connect):
   * `hostedLogin()` of `portcullis/hosted-login`. Default none.
   */
  readonly hostedLogin?: HostedLogin
  /**
   * API keys of users, for programs that act for them: true, or how long they live and what they begin
   * with. Default false: there are none, and those in the store are refused.
   */
  readonly apiKeys?: boolean | ApiKeyOptions
  /**
   * Second factors: authenticator apps, passkeys and recovery codes. `{}` lets users have them. Default: nobody has one,
   * and nobody is asked. See `FactorsOptions`.
   */
  readonly factors?: FactorsOptions
  /** What time it is, in seconds since 1970. Default: the wall clock. */
  readonly clock?: Clock
}

const store = "a store, such as sqlite('app.db') of portcullis/stores/sqlite"

const shapes: ShapesOf<AuthOptions> = {
  store: required(havingMethod('open', store), `The option store is missing: pass ${store}.`),
  ...commonShapes,
  secretKey: text,
  previousSecretKeys: texts,
  signingAlgorithm: text,
  keyEncryptionKey: bytes,
  previousKeyEncryptionKeys: listOfBytes,
  keyRotationInterval: number,
  issuer: text,
  // Several that share a secret could make tokens for one another (KM-09).
  audience: { ...text, words: 'one text, not several' },
  accounts: recordOf(accountShapes),
  apiKeys: {
    words: 'true, false, or an object of options',
    accepts: (value) => typeof value === 'boolean' || record.accepts(value),
    members: {
      prefix: text,
      maxLifetime: number,
      defaultLifetime: number,
    } satisfies ShapesOf<ApiKeyOptions>,
  },
  factors: recordOf(factorShapes),
  hostedLogin: {
    words: 'what hostedLogin() of portcullis/hosted-login returns',
    accepts: (value) => typeof value === 'object' && value !== null && hostedLoginParts in value,
  },
  accessTokenLifetime: number,
  allowLongAccessTokens: flag,
  passwordHash: recordOf<PasswordHasherOptions>({
    argon2: recordOf<Argon2Parameters>({ memory: number, time: number, parallelism: number }),
    allowWeakHashes: flag,
    pool: havingMethod('run', 'a pool that createHashPool made'),
    pepper: text,
    previousPeppers: texts,
  }),
  passwordPolicy: recordOf<PasswordPolicyOptions>({
    minLength: number,
    contextWords: texts,
    refuseSamples: flag,
    breached: breachedShape,
  }),
  sessions: recordOf<SessionOptions>({
    idleLifetime: number,
    lifetime: number,
    refreshGrace: number,
    refreshRetryWindow: number,
  }),
  eventRetention: number,
  // Judged by readConfiguredClients.
  clients: anything,
  issuers: trustedIssuers,
  // Judged by createOwnFields.
  userFields: anything,
}

/**
 * The options of `createAuth` that can be used, and every problem that needs no other part to be seen.
 *
 * @throws {ConfigError} if there are no options to look at.
 */
export function readAuthOptions(given: unknown): ReadOptions<AuthOptions> {
  const owner = { name: 'createAuth', example: "{ store: sqlite('app.db') }" }
  const { options, problems } = readOptions(given, shapes, owner)
  return { options, problems: [...problems, ...describedProblems(options.permissions)] }
}

/** RFC 8414 §2: what is made of a URL, such as that of the token endpoint, must be one too. */
function issuerTextProblems(issuer: string): readonly string[] {
  if (issuer === '') return ['The issuer must not be empty.']
  return /^https?:/i.test(issuer) && (!URL.canParse(issuer) || /[?#]/.test(issuer))
    ? ['The issuer must be a URL without a query or a fragment.']
    : []
}

/** Later than the year 5000 in seconds, and long ago in milliseconds. */
const inMilliseconds = 1e11

function clockProblems(clock: Clock | undefined): readonly string[] {
  return (clock?.() ?? 0) > inMilliseconds
    ? ['The clock must return seconds since 1970, not milliseconds.']
    : []
}

/** Every reason against the options that no part of them finds by itself. */
export function optionProblems(
  options: AuthOptions,
  lifetime: number,
  issuer: string,
  audience: string,
): string[] {
  const problems: string[] = [...keyProblems(options)]
  const { secretKey, previousSecretKeys = [] } = options
  const { pepper, previousPeppers = [] } = options.passwordHash ?? {}
  const secrets = [secretKey, ...previousSecretKeys, pepper, ...previousPeppers].filter(Boolean)
  if (new Set(secrets).size < secrets.length) {
    problems.push('The secret key, the pepper and each previous one must differ from one another.')
  }
  if (!Number.isSafeInteger(lifetime) || lifetime < 1) {
    problems.push('The access token lifetime must be a whole number of seconds, at least 1.')
  } else if (lifetime > accessTokenMaxLifetime && !options.allowLongAccessTokens) {
    problems.push(
      `The access token lifetime must be at most ${accessTokenMaxLifetime} seconds, or allowLongAccessTokens must be set: a stolen token works until it expires.`,
    )
  }
  problems.push(...issuerTextProblems(issuer), ...clockProblems(options.clock))
  if (audience === '') problems.push('The audience must not be empty.')
  return problems
}
