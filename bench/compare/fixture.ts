// A database with users and sessions, and the server's environment for it.

import { dirname } from 'node:path'
import { hash } from '@node-rs/argon2'
import { type Auth, createAuth } from '../../src/core/auth.ts'
import { internals } from '../../src/core/internals.ts'
import { createRefreshTokens } from '../../src/core/sessions/refresh-token.ts'
import type { SessionRecord } from '../../src/core/sessions/session-store.ts'
import type { UserRecord } from '../../src/core/users/user-store.ts'
import { createDatabase, type Database, type EngineName } from '../database.ts'
import { makeSession, makeUser } from '../rows.ts'

export const secretKey = 'b7e1f0a2c3d4958677869504a3b2c1d0'
/** Opens the keys in a database that has no place for it. No secret. */
export const keyEncryptionKey: Buffer = Buffer.alloc(32, 'portcullis')
export const issuer = 'http://localhost:8000'
export const password = 'three green tractors sing'
export const passwordHash: string = await hash(password, {
  memoryCost: 19456,
  timeCost: 2,
  parallelism: 1,
})
/** An API that may introspect. */
export const api = { id: 'api', secret: '9d1c5e3b7a2f4860d7e9c1b3a5f70812', introspect: true }

export interface Fixture {
  readonly database: Database
  readonly users: readonly UserRecord[]
  /** One access token for each of so many sessions. */
  readonly accessTokens: readonly string[]
  /** Unused, of sessions of their own. */
  readonly refreshTokens: readonly string[]
  /** What the server is configured with. */
  readonly environment: Readonly<Record<string, string>>
  /** Beside the server, on the same database. */
  readonly auth: Auth
  remove(): Promise<void>
}

export interface FixtureOptions {
  readonly engine?: EngineName
  /** Default HS256 under the secret key. */
  readonly algorithm?: 'HS256' | 'ES256'
  readonly users?: number
  readonly accessTokens?: number
  readonly refreshTokens?: number
}

/** Makes a database whose users all have the same password. */
export async function createFixture({
  engine = 'sqlite',
  algorithm = 'HS256',
  users: userCount = 1000,
  accessTokens: accessTokenCount = 1,
  refreshTokens: refreshTokenCount = 0,
}: FixtureOptions): Promise<Fixture> {
  const database = await createDatabase(engine)
  const sealing = engine === 'postgres' ? { keyEncryptionKey } : {}
  const keys = algorithm === 'HS256' ? { secretKey } : sealing
  const store = database.createStore()
  const auth = await createAuth({ store, issuer, accessTokenLifetime: 3600, ...keys })
  const users = Array.from({ length: userCount }, (_, number) => ({
    ...makeUser({ number, of: userCount }),
    passwordHash,
  }))
  await database.addUsers(users)
  const of = accessTokenCount + refreshTokenCount
  const sessions: SessionRecord[] = []
  for (let number = 0; number < of; number++) {
    sessions.push(makeSession(users[number % userCount] as UserRecord, { number, of }))
  }
  for (let first = 0; first < of; first += 10_000) {
    await database.addSessions(sessions.slice(first, first + 10_000))
  }
  await database.settle()

  const accessTokens: string[] = []
  for (const [number, session] of sessions.slice(0, accessTokenCount).entries()) {
    accessTokens.push(await issueFor(auth, users[number % userCount] as UserRecord, session.id))
  }
  const format = createRefreshTokens(new TextEncoder().encode(secretKey)).format
  return {
    database,
    users,
    accessTokens,
    refreshTokens: sessions
      .slice(accessTokenCount)
      .map(({ id, generation }) => format(id, generation)),
    environment: serverEnvironment(database, engine, keys),
    auth,
    async remove() {
      await auth.close()
      await database.remove()
    },
  }
}

/** An access token of a session. */
export async function issueFor(
  auth: Auth,
  user: Pick<UserRecord, 'id' | 'role'>,
  sessionId: string,
): Promise<string> {
  const { token } = await auth[internals].accessTokens.issue({
    subject: user.id,
    clientId: 'first-party',
    scopes: [],
    role: user.role,
    endsWith: { sessionId },
  })
  return token
}

/** The configuration of a server on a database. */
export function serverEnvironment(
  database: Database,
  engine: EngineName,
  keys: { readonly secretKey?: string; readonly keyEncryptionKey?: Buffer } = { secretKey },
): Readonly<Record<string, string>> {
  return {
    HOST: '127.0.0.1',
    PORT: '0',
    ISSUER: issuer,
    CLIENTS: JSON.stringify([api]),
    ...(engine === 'sqlite'
      ? { DATA_DIR: dirname(database.address) }
      : { DATABASE_URL: database.address }),
    ...(keys.secretKey !== undefined && { SECRET_KEY: keys.secretKey }),
    ...(keys.keyEncryptionKey && {
      KEY_ENCRYPTION_KEY: keys.keyEncryptionKey.toString('base64url'),
    }),
  }
}
