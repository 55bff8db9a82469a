import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Auth, createAuth } from '../core/auth.ts'
import { sqlite } from '../stores/sqlite.ts'
import { StoreError } from '../stores/store-error.ts'
import type { Config } from './config.ts'

/** The permissions of the server's own routes, as the Authorize dialog shows them. */
export const permissions: Readonly<Record<string, string>> = {
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
    store: sqlite(join(config.dataDirectory, 'portcullis.db')),
    roles: config.roles,
    permissions,
    issuer: config.issuer,
    audience: config.audience,
    signingAlgorithm: config.signingAlgorithm,
    accessTokenLifetime: config.accessTokenLifetime,
    allowLongAccessTokens: config.allowLongAccessTokens,
    sessions: config.sessions,
    passwordHash: { argon2: config.argon2 },
    passwordPolicy: { minLength: config.passwordMinLength, contextWords: ['portcullis'] },
    ...(config.defaultRole !== undefined && { defaultRole: config.defaultRole }),
    ...(config.secretKey !== undefined && { secretKey: config.secretKey }),
    ...(config.keyEncryptionKey && { keyEncryptionKey: config.keyEncryptionKey }),
  })
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
