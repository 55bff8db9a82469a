import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { createRoles } from '../core/access/roles.ts'
import { type Auth, createAuth } from '../core/auth.ts'
import type { AuthOptions } from '../core/auth-options.ts'
import { distinctKeys } from '../core/keys/load-keys.ts'
import type { Mailer } from '../core/mail/mailer.ts'
import { createHashPool, hashConcurrency } from '../core/passwords/hash-pool.ts'
import type { Store } from '../core/store.ts'
import { closeToOthers } from '../stores/file-mode.ts'
import { readKeysBeside, readOrCreateKeyFile } from '../stores/key-file.ts'
import { sqlite } from '../stores/sqlite/sqlite.ts'
import { StoreError } from '../stores/store-error.ts'
import { accountOptions } from './account-options.ts'
import { factorOptions } from './factor-options.ts'
import { hostedLoginOption } from './hosted-login.ts'
import { databaseFile, keyFile, tableNames } from './inspect-database.ts'
import { needing } from './needed-package.ts'
import { permissions } from './permissions.ts'
import { parseIssuers } from './settings/issuers.ts'
import { authSettings, type Config } from './settings/settings.ts'

/** What `openAuth` takes. */
export interface OpenAuthOptions {
  /** Accepts passwords that the documents print, which anybody can look up. For demo users. Default false. */
  readonly allowSamplePasswords?: boolean
  /** Keeps mails where there is no relay, for development. Default none: without a relay there are no mails. */
  readonly mailbox?: Mailer
}

/**
 * Makes the data directory and opens the database in it.
 *
 * @throws {StoreError} if either cannot be used, {ConfigError} if the keys do not fit the database, or the names
 * of the tables are taken in it.
 */
export async function openAuth(
  config: Config,
  { allowSamplePasswords = false, mailbox }: OpenAuthOptions = {},
): Promise<Auth> {
  makeDirectory(config.dataDirectory)
  const { issuer, argon2, pepper, previousPeppers, threads, workers: processes } = config
  const { passwordMinLength: minLength, breachedPasswords } = config
  const accounts = await accountOptions(config, mailbox)
  const hostedLogin = await hostedLoginOption(config)
  const factors = factorOptions(config)
  const pool = createHashPool({ concurrency: hashConcurrency({ threads, processes }) })
  return await createAuth({
    ...authSettings(config),
    ...(await chooseStore(config)),
    ...(accounts && { accounts }),
    ...(hostedLogin && { hostedLogin }),
    ...(factors && { factors }),
    permissions,
    issuer,
    issuers: parseIssuers(config.issuers, issuer, createRoles(config.roles), []),
    passwordHash: { argon2, ...(pepper !== undefined && { pepper }), previousPeppers, pool },
    passwordPolicy: {
      minLength,
      contextWords: ['portcullis'],
      refuseSamples: !allowSamplePasswords,
      ...(breachedPasswords !== undefined && { breached: breachedPasswords }),
    },
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
): Promise<Pick<AuthOptions, 'store' | 'keyEncryptionKey' | 'previousKeyEncryptionKeys'>> {
  const { dataDirectory, databaseUrl, secretKey, keyEncryptionKey } = config
  const names = tableNames(config)
  if (databaseUrl === undefined) return { store: sqlite(databaseFile(dataDirectory), names) }
  const { databasePoolSize: maxConnections, databaseStatementTimeout: statementTimeout } = config
  const { cacheUsers } = config
  const { postgres } = await needing(
    'pg',
    'DATABASE_URL',
    () => import('../stores/postgres/postgres.ts'),
  )
  const store = postgres(databaseUrl, { ...names, maxConnections, cacheUsers, statementTimeout })
  // Keys that are configured are among the settings already.
  if (secretKey !== undefined || keyEncryptionKey !== undefined) return { store }
  // The database has no place of its own for it.
  const key = readOrCreateKeyFile(keyFile(config))
  const others = [...config.previousKeyEncryptionKeys, ...readKeysBeside(keyFile(config))]
  return { store, keyEncryptionKey: key, previousKeyEncryptionKeys: distinctKeys(others, key) }
}

// The recursive one of Node.js tries for ever where a parent is there and takes no directory, as in /proc.
function makeWithParents(path: string): void {
  if (existsSync(path)) return
  makeWithParents(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another process was first.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/**
 * Makes the data directory, and closes it and the database in it to other users.
 *
 * @throws {StoreError} `unreadable`, or `unsafe_file` if every user can read or change them.
 */
export function makeDirectory(path: string): void {
  try {
    makeWithParents(resolve(path))
    const database = databaseFile(path)
    for (const each of [path, database, `${database}-wal`, `${database}-shm`]) closeToOthers(each)
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    throw new StoreError(
      'unreadable',
      `The data directory ${path} cannot be made: check that its parent exists and is writable.`,
      { cause },
    )
  }
}
