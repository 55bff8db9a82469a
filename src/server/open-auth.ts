import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Auth, createAuth } from '../core/auth.ts'
import type { AuthOptions } from '../core/auth-options.ts'
import { ConfigError } from '../core/errors.ts'
import { createHashPool, hashConcurrency } from '../core/hash-pool.ts'
import { createRoles } from '../core/roles.ts'
import { readOrCreateKeyFile } from '../stores/key-file.ts'
import { sqlite } from '../stores/sqlite.ts'
import { StoreError } from '../stores/store-error.ts'
import type { Config } from './config.ts'
import { parseIssuers } from './issuer-settings.ts'

/** The permissions of the server's own routes, as the Authorize dialog shows them. */
export const permissions: Readonly<Record<string, string>> = {
  'events:read': 'Read what happened: logins, changes, and by whom',
  'stats:read': 'See how many users there are',
  'users:read': 'List and read users',
  'users:write': 'Create, change and delete users',
}

/**
 * Makes the data directory and opens the database in it.
 *
 * @throws {StoreError} if either cannot be used, {ConfigError} if the keys do not fit the database.
 */
export async function openAuth(config: Config): Promise<Auth> {
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
      pool: createHashPool({
        concurrency: hashConcurrency({ threads: config.threads, processes: config.workers }),
      }),
    },
    issuers: parseIssuers(config.issuers, config.issuer, createRoles(config.roles), []),
    passwordPolicy: { minLength: config.passwordMinLength, contextWords: ['portcullis'] },
    ...(config.defaultRole !== undefined && { defaultRole: config.defaultRole }),
    ...(config.secretKey !== undefined && { secretKey: config.secretKey }),
    previousSecretKeys: config.previousSecretKeys,
  })
}

async function chooseStore({
  dataDirectory,
  databaseUrl,
  databasePoolSize: maxConnections,
  databaseStatementTimeout: statementTimeout,
  keyEncryptionKey,
}: Config): Promise<Pick<AuthOptions, 'store' | 'keyEncryptionKey'>> {
  if (databaseUrl === undefined) {
    const store = sqlite(join(dataDirectory, 'portcullis.db'))
    return { store, ...(keyEncryptionKey && { keyEncryptionKey }) }
  }
  return {
    store: (await loadPostgres()).postgres(databaseUrl, { maxConnections, statementTimeout }),
    // The database has no place of its own for it.
    keyEncryptionKey:
      keyEncryptionKey ?? readOrCreateKeyFile(join(dataDirectory, 'portcullis.key')),
  }
}

// Loaded when it is asked for: the driver is installed by those who use PostgreSQL.
async function loadPostgres(): Promise<typeof import('../stores/postgres.ts')> {
  try {
    return await import('../stores/postgres.ts')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new ConfigError(['DATABASE_URL needs the package pg: run npm install pg.'], {
      cause: error,
    })
  }
}

function makeDirectory(path: string): void {
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
