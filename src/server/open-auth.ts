import { mkdirSync } from 'node:fs'
import { createRoles } from '../core/access/roles.ts'
import { type Auth, createAuth } from '../core/auth.ts'
import type { AuthOptions } from '../core/auth-options.ts'
import { createHashPool, hashConcurrency } from '../core/passwords/hash-pool.ts'
import type { Store } from '../core/store.ts'
import { readOrCreateKeyFile } from '../stores/key-file.ts'
import { sqlite } from '../stores/sqlite/sqlite.ts'
import { StoreError } from '../stores/store-error.ts'
import { databaseFile, keyFile, needingPg } from './inspect-database.ts'
import type { Config } from './settings/config.ts'
import { parseIssuers } from './settings/issuers.ts'

/** The permissions of the server's own routes, as the Authorize dialog shows them. */
export const permissions: Readonly<Record<string, string>> = {
  'events:read': 'Read what happened: logins, changes, and by whom',
  'stats:read': 'See how many users there are',
  'users:read': 'List and read users',
  'users:write': 'Create, change and delete users',
}

export interface OpenAuthOptions {
  /** Accepts passwords that the documents print, which anybody can look up. For demo users. */
  readonly allowSamplePasswords?: boolean
}

/**
 * Makes the data directory and opens the database in it.
 *
 * @throws {StoreError} if either cannot be used, {ConfigError} if the keys do not fit the database.
 */
export async function openAuth(
  config: Config,
  { allowSamplePasswords = false }: OpenAuthOptions = {},
): Promise<Auth> {
  makeDirectory(config.dataDirectory)
  return await createAuth({
    ...(await chooseStore(config)),
    roles: config.roles,
    permissions,
    issuer: config.issuer,
    audience: config.audience,
    signingAlgorithm: config.signingAlgorithm,
    keyRotationInterval: config.keyRotationInterval,
    accessTokenLifetime: config.accessTokenLifetime,
    allowLongAccessTokens: config.allowLongAccessTokens,
    sessions: config.sessions,
    eventRetention: config.eventRetention,
    clients: config.clients,
    passwordHash: {
      argon2: config.argon2,
      ...(config.pepper !== undefined && { pepper: config.pepper }),
      previousPeppers: config.previousPeppers,
      pool: createHashPool({
        concurrency: hashConcurrency({ threads: config.threads, processes: config.workers }),
      }),
    },
    issuers: parseIssuers(config.issuers, config.issuer, createRoles(config.roles), []),
    passwordPolicy: {
      minLength: config.passwordMinLength,
      contextWords: ['portcullis'],
      refuseSamples: !allowSamplePasswords,
    },
    ...(config.defaultRole !== undefined && { defaultRole: config.defaultRole }),
    ...(config.secretKey !== undefined && { secretKey: config.secretKey }),
    previousSecretKeys: config.previousSecretKeys,
  })
}

/** Makes the data directory and opens the database alone, whatever its keys are. */
export async function openStore(config: Config): Promise<Store> {
  makeDirectory(config.dataDirectory)
  const { store } = await chooseStore(config)
  await store.open()
  return store
}

/**
 * Brings the tables up to date, and makes the database if there is none.
 *
 * @throws {StoreError} or {UnavailableError} if that is not possible.
 */
export async function migrateDatabase(config: Config): Promise<void> {
  const store = await openStore(config)
  await store.close()
}

async function chooseStore(
  config: Config,
): Promise<Pick<AuthOptions, 'store' | 'keyEncryptionKey'>> {
  const { dataDirectory, databaseUrl, keyEncryptionKey } = config
  if (databaseUrl === undefined) {
    const store = sqlite(databaseFile(dataDirectory))
    return { store, ...(keyEncryptionKey && { keyEncryptionKey }) }
  }
  const { databasePoolSize: maxConnections, databaseStatementTimeout: statementTimeout } = config
  const { postgres } = await needingPg(() => import('../stores/postgres/postgres.ts'))
  return {
    store: postgres(databaseUrl, { maxConnections, statementTimeout }),
    // The database has no place of its own for it.
    keyEncryptionKey: keyEncryptionKey ?? readOrCreateKeyFile(keyFile(config)),
  }
}

/** @throws {StoreError} `unreadable` */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new StoreError(
      'unreadable',
      `The data directory ${path} cannot be made: check that its parent exists and is writable.`,
      { cause },
    )
  }
}
