import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import type { RoleMap } from '../../core/access/roles.ts'
import { accessTokenMaxLifetime } from '../../core/auth-options.ts'
import type { ConfiguredClient } from '../../core/clients/configured.ts'
import { ConfigError } from '../../core/errors.ts'
import { eventRetentionMinimum } from '../../core/events/event-store.ts'
import { eventRetention } from '../../core/events/events.ts'
import {
  isRotationInterval,
  keyRotationInterval,
  keyRotationMinimum,
} from '../../core/keys/lifecycle.ts'
import {
  type SigningAlgorithm,
  secretProblems,
  signingAlgorithms,
} from '../../core/keys/signing-key.ts'
import { type Argon2Parameters, argon2Problem } from '../../core/passwords/password-hash.ts'
import type { SessionOptions } from '../../core/sessions/sessions.ts'
import { postgresUrlProblems } from '../../stores/postgres/url.ts'
import { readOrigins } from './allowed-origins.ts'
import { parseClients } from './clients.ts'
import { parseIssuers } from './issuers.ts'
import { isInsecure } from './loopback.ts'
import { isIssuer, parseKey, parseRoles, parseWorkers, usableRoles } from './setting-values.ts'
import { type SettingName, settings } from './settings.ts'
import { readAddresses, type TrustedProxies } from './trusted-proxies.ts'

/** The server's configuration, checked: what each variable of `settings` says. */
export interface Config {
  /** The address to listen on. */
  readonly host: string
  /** The port to listen on; 0 chooses a free one. */
  readonly port: number
  /** Processes that serve, on this machine. */
  readonly workers: number
  /** Where SQLite and the key-encryption key are. */
  readonly dataDirectory: string
  /** Undefined: SQLite in the data directory. */
  readonly databaseUrl: string | undefined
  /** Connections to PostgreSQL at most, of each process. */
  readonly databasePoolSize: number
  /** Seconds. */
  readonly databaseStatementTimeout: number
  /** The `iss` of tokens. */
  readonly issuer: string
  /** The `aud` of tokens. */
  readonly audience: string
  /** Whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: TrustedProxies
  /** Whose pages may call the server. */
  readonly corsOrigins: readonly string[]
  /** Undefined: managed keys. */
  readonly secretKey: string | undefined
  /** Secret keys whose tokens are still accepted. */
  readonly previousSecretKeys: readonly string[]
  /** Undefined: new password hashes have none. */
  readonly pepper: string | undefined
  /** Peppers whose hashes still verify. */
  readonly previousPeppers: readonly string[]
  /** The algorithm of new managed keys. */
  readonly signingAlgorithm: SigningAlgorithm
  /** 32 bytes. Undefined: a file in the data directory. */
  readonly keyEncryptionKey: Uint8Array | undefined
  /** Seconds; 0 for never. */
  readonly keyRotationInterval: number
  /** Seconds. */
  readonly accessTokenLifetime: number
  /** Accepts an access token lifetime above an hour. */
  readonly allowLongAccessTokens: boolean
  /** Seconds. */
  readonly sessions: Required<SessionOptions>
  /** Seconds. */
  readonly eventRetention: number
  /** Code points. */
  readonly passwordMinLength: number
  /** The cost of new password hashes. */
  readonly argon2: Argon2Parameters
  /** Threads of Node.js that hashes share with signatures and files. */
  readonly threads: number
  /** Roles and the permissions that each grants. */
  readonly roles: RoleMap
  /** Undefined: as `createAuth` chooses. */
  readonly defaultRole: string | undefined
  /** Registered OAuth clients, besides those in the store. */
  readonly clients: readonly ConfiguredClient[]
  /** Other issuers whose tokens are accepted, as JSON: plain data, which worker processes are told. */
  readonly issuers: string | undefined
  /** Serve `/docs` and `/openapi.json`. */
  readonly docs: boolean
  /** Undefined: to be chosen by where the log goes. */
  readonly logLevel: LogLevel | undefined
  /** Undefined: no metrics. */
  readonly metricsPort: number | undefined
  /** The address that metrics are served on. */
  readonly metricsHost: string
}

const tenYears = 10 * 365 * 86400
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
/** From which weight on a line is logged; `silent` logs nothing. */
export type LogLevel = (typeof logLevels)[number]

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Returns the environment with the variables of a `.env` file beneath it: what is set outside wins.
 * The only reader of `process.env`.
 *
 * @throws {ConfigError} if the file is there and cannot be read: what it would say is not known.
 */
export function readEnvironment(file = '.env'): Environment {
  // Read by Node.js before there is a file: what that says comes too late.
  const { UV_THREADPOOL_SIZE: _late, ...variables } = readEnvironmentFile(file)
  return { ...variables, ...process.env }
}

function readEnvironmentFile(file: string): Environment {
  if (!existsSync(file)) return {}
  try {
    return parseEnv(readFileSync(file, 'utf8'))
  } catch (cause) {
    const problem = `${file} cannot be read: check that it is a file, and its mode, or move it away.`
    throw new ConfigError([problem], { cause })
  }
}

/**
 * Reads the configuration from environment variables; an empty one counts as not set.
 *
 * @throws {ConfigError} with every mistake: its variable and what would be right, never its value if
 * it is a secret.
 */
export function readConfig(environment: Environment): Config {
  const problems: string[] = []
  const read = (name: SettingName): string | undefined => environment[name] || undefined

  function secret(name: SettingName): string | undefined {
    const path = environment[`${name}_FILE`] || undefined
    if (path === undefined) return read(name)
    if (read(name) !== undefined) {
      problems.push(`${name} and ${name}_FILE are both set: set one of them.`)
      return undefined
    }
    try {
      return readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    } catch {
      problems.push(`${name}_FILE names a file that cannot be read: check its path and mode.`)
      return undefined
    }
  }

  function integer(name: SettingName, fallback: number, least: number, most: number): number {
    const text = read(name)
    if (text === undefined) return fallback
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    problems.push(`${name} must be a whole number from ${least} to ${most}, such as ${fallback}.`)
    return fallback
  }

  function address(name: SettingName): string {
    const host = read(name) ?? '127.0.0.1'
    if (/[\s/]/.test(host))
      problems.push(`${name} must be an address or a name, such as 127.0.0.1.`)
    return host
  }

  function choice<T extends string>(name: SettingName, choices: readonly T[]): T | undefined {
    const text = read(name)
    const chosen = choices.find((each) => each === text)
    if (text !== undefined && chosen === undefined) {
      problems.push(`${name} must be one of: ${choices.join(', ')}.`)
    }
    return chosen
  }

  /** A secret that must be hard to guess, and those of before, one a line. */
  function changeable(name: 'SECRET_KEY' | 'PASSWORD_PEPPER') {
    const current = secret(name)
    const previous = (secret(`${name}_PREVIOUS`) ?? '').split(/\r?\n/).filter(Boolean)
    const judge = (variable: SettingName, text: string): void =>
      void problems.push(...secretProblems(text).map((reason) => `${variable} ${reason}.`))
    if (current !== undefined) judge(name, current)
    for (const each of previous) judge(`${name}_PREVIOUS`, each)
    return { current, previous }
  }

  const secretKeys = changeable('SECRET_KEY')
  const peppers = changeable('PASSWORD_PEPPER')
  const encodedKey = secret('KEY_ENCRYPTION_KEY')
  const keyEncryptionKey = parseKey(encodedKey, problems)
  // Each is for one purpose, and one that is named twice was perhaps meant to be changed (KM-10).
  const several = [secretKeys, peppers].flatMap(({ current, previous }) => [current, ...previous])
  const secrets = [...several, encodedKey].filter(Boolean)
  if (new Set(secrets).size < secrets.length) {
    problems.push(
      'SECRET_KEY, KEY_ENCRYPTION_KEY, PASSWORD_PEPPER and those of before must all differ.',
    )
  }
  const rotation = integer('KEY_ROTATION_INTERVAL', keyRotationInterval, 0, tenYears)
  if (!isRotationInterval(rotation)) {
    problems.push(`KEY_ROTATION_INTERVAL must be 0, or at least ${keyRotationMinimum} (a day).`)
  }
  const allowLongAccessTokens = choice('ALLOW_LONG_ACCESS_TOKENS', ['true', 'false']) === 'true'
  const longest = allowLongAccessTokens ? tenYears : accessTokenMaxLifetime
  const argon2 = {
    memory: integer('ARGON2_MEMORY', 19456, 8, 262144),
    time: integer('ARGON2_TIME', 2, 1, 16),
    parallelism: integer('ARGON2_PARALLELISM', 1, 1, 8),
  }
  const weak = argon2Problem(argon2)
  if (weak !== null) problems.push(`ARGON2_MEMORY, ARGON2_TIME: ${weak}`)
  const roles = parseRoles(read('ROLES'), problems)
  const defaultRole = read('DEFAULT_ROLE')
  if (defaultRole !== undefined && !Object.hasOwn(roles, defaultRole)) {
    problems.push(`DEFAULT_ROLE must be one of: ${Object.keys(roles).join(', ')}.`)
  }
  const databaseUrl = secret('DATABASE_URL')
  if (databaseUrl !== undefined) {
    problems.push(...postgresUrlProblems(databaseUrl).map((reason) => `DATABASE_URL ${reason}.`))
  }
  const host = address('HOST')
  const port = integer('PORT', 8000, 0, 65535)
  const allowInsecureIssuer = choice('ALLOW_INSECURE_ISSUER', ['true', 'false']) === 'true'
  const issuer = read('ISSUER') ?? `http://127.0.0.1${port === 0 ? '' : `:${port}`}`
  if (!isIssuer(issuer)) {
    problems.push(
      'ISSUER must be an http or https URL with a plain path at most, such as https://auth.example.com.',
    )
  } else if (isInsecure(issuer) && !allowInsecureIssuer) {
    problems.push(
      'ISSUER must be https: passwords and tokens would cross the network in clear. Put a proxy with TLS in front and name its URL, or set ALLOW_INSECURE_ISSUER=true.',
    )
  }

  const config: Config = {
    host,
    port,
    workers: parseWorkers(read('WORKERS'), problems),
    dataDirectory: read('DATA_DIR') ?? './data',
    databaseUrl,
    databasePoolSize: integer('DATABASE_POOL_SIZE', 10, 1, 1000),
    databaseStatementTimeout: integer('DATABASE_STATEMENT_TIMEOUT', 5, 1, 3600),
    issuer,
    audience: read('AUDIENCE') ?? issuer,
    trustedProxies: {
      addresses: readAddresses(read('TRUSTED_PROXIES') ?? '', problems),
      hops: integer('TRUSTED_PROXY_HOPS', 1, 1, 16),
    },
    corsOrigins: readOrigins(read('CORS_ORIGINS') ?? '', problems),
    secretKey: secretKeys.current,
    previousSecretKeys: secretKeys.previous,
    pepper: peppers.current,
    previousPeppers: peppers.previous,
    signingAlgorithm: choice('SIGNING_ALGORITHM', signingAlgorithms) ?? 'ES256',
    keyEncryptionKey,
    keyRotationInterval: rotation,
    accessTokenLifetime: integer('ACCESS_TOKEN_LIFETIME', 900, 1, longest),
    allowLongAccessTokens,
    sessions: {
      idleLifetime: integer('SESSION_IDLE_LIFETIME', 14 * 86400, 1, tenYears),
      lifetime: integer('SESSION_LIFETIME', 90 * 86400, 1, tenYears),
      refreshGrace: integer('REFRESH_GRACE', 10, 0, 300),
    },
    eventRetention: integer('EVENT_RETENTION', eventRetention, eventRetentionMinimum, tenYears),
    passwordMinLength: integer('PASSWORD_MIN_LENGTH', 15, 8, 64),
    argon2,
    threads: integer('UV_THREADPOOL_SIZE', 4, 1, 1024),
    roles,
    defaultRole,
    clients: parseClients(secret('CLIENTS'), problems),
    issuers: secret('ISSUERS'),
    docs: choice('DOCS', ['true', 'false']) !== 'false',
    logLevel: choice('LOG_LEVEL', logLevels),
    metricsPort: read('METRICS_PORT') ? integer('METRICS_PORT', 9464, 0, 65535) : undefined,
    metricsHost: address('METRICS_HOST'),
  }
  parseIssuers(config.issuers, issuer, usableRoles(roles), problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

/** The names of all variables that are read, with those that name a file. */
export function settingNames(): readonly string[] {
  return settings.flatMap((setting) =>
    setting.secret ? [setting.name, `${setting.name}_FILE`] : [setting.name],
  )
}
