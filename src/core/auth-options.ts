import { describedProblems } from './access/permissions.ts'
import type { RoleMap } from './access/roles.ts'
import type { ConfiguredClient } from './clients/configured.ts'
import type { Clock } from './clock.ts'
import { ConfigError } from './errors.ts'
import type { TrustedIssuer } from './issuers/external-issuer.ts'
import { type KeyOptions, keyProblems } from './keys/key-options.ts'
import { namesOf, unknownOptionProblems } from './known-options.ts'
import type { Argon2Parameters, PasswordHasherOptions } from './passwords/password-hash.ts'
import type { PasswordPolicyOptions } from './passwords/password-policy.ts'
import type { SessionOptions } from './sessions/sessions.ts'
import type { Store } from './store.ts'

/** Longest access token lifetime without `allowLongAccessTokens`, in seconds. */
export const accessTokenMaxLifetime: number = 60 * 60

/** What `createAuth` takes. */
export interface AuthOptions extends KeyOptions {
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
  /** Registered OAuth clients, besides those in the store. Default none. */
  readonly clients?: readonly ConfiguredClient[]
  /**
   * Other issuers whose tokens are accepted beside our own, behind the same guards: `keycloak(…)`,
   * `auth0(…)` and others of `portcullis/issuers`. Default none.
   */
  readonly issuers?: readonly TrustedIssuer[]
  /** What time it is, in seconds since 1970. Default: the wall clock. */
  readonly clock?: Clock
}

const optionNames = namesOf<AuthOptions>({
  store: true,
  roles: true,
  defaultRole: true,
  permissions: true,
  secretKey: true,
  previousSecretKeys: true,
  signingAlgorithm: true,
  keyEncryptionKey: true,
  keyRotationInterval: true,
  issuer: true,
  audience: true,
  accessTokenLifetime: true,
  allowLongAccessTokens: true,
  passwordHash: true,
  passwordPolicy: true,
  sessions: true,
  eventRetention: true,
  clients: true,
  issuers: true,
  clock: true,
})

/** The options that have options of their own. */
const nestedNames = {
  passwordHash: namesOf<PasswordHasherOptions>({
    argon2: true,
    allowWeakHashes: true,
    pool: true,
    pepper: true,
    previousPeppers: true,
  }),
  passwordPolicy: namesOf<PasswordPolicyOptions>({
    minLength: true,
    contextWords: true,
    refuseSamples: true,
  }),
  sessions: namesOf<SessionOptions>({ idleLifetime: true, lifetime: true, refreshGrace: true }),
}

/** @throws {ConfigError} if there are no options to look at. */
export function requireOptions(options: unknown): void {
  if (isObject(options)) return
  throw new ConfigError([
    "createAuth takes an object of options, such as { store: sqlite('app.db') }.",
  ])
}

const argon2Names = namesOf<Argon2Parameters>({ memory: true, time: true, parallelism: true })

/** Every option that is missing or not known, one sentence each. Nothing here needs to have its type. */
export function shapeProblems(options: AuthOptions): string[] {
  const problems = unknownOptionProblems(options, optionNames, 'createAuth')
  if (typeof (options.store as Partial<Store> | undefined)?.open !== 'function') {
    problems.push(
      "The option store is missing: pass sqlite('app.db') of portcullis/stores/sqlite, for example.",
    )
  }
  problems.push(...describedProblems(options.permissions))
  for (const [name, known] of Object.entries(nestedNames)) {
    const nested: unknown = options[name as keyof typeof nestedNames]
    if (nested === undefined) continue
    problems.push(
      ...(isObject(nested)
        ? unknownOptionProblems(nested, known, `The option ${name}`)
        : [`The option ${name} must be an object.`]),
    )
  }
  const argon2: unknown = options.passwordHash?.argon2
  if (isObject(argon2)) {
    problems.push(...unknownOptionProblems(argon2, argon2Names, 'The option passwordHash.argon2'))
  }
  return problems
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

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
  if (issuer === '') problems.push('The issuer must not be empty.')
  if (audience === '') problems.push('The audience must not be empty.')
  // Several that share a secret could make tokens for one another (KM-09).
  if (typeof audience !== 'string') problems.push('The audience must be one text, not several.')
  return problems
}
