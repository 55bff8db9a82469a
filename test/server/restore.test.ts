// A database that is brought back to an earlier state: what was revoked since stays revoked.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import pg from 'pg'
import type { Auth } from '../../src/core/auth.ts'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { internals } from '../../src/core/internals.ts'
import { revokeAll } from '../../src/core/sessions/revoke-all.ts'
import type { Store } from '../../src/core/store.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { BearerError } from '../../src/http/refusal.ts'
import { buildApp } from '../../src/server/app.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { copyDatabase } from '../../src/stores/sqlite/copy.ts'
import { restoreSqlite } from '../../src/stores/sqlite/restore.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'
import { login, sendForm } from './fixtures.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-restore-'))
const { server, skip } = await startPostgresOrSkip()
after(async () => {
  await server?.remove()
  rmSync(directory, { recursive: true, force: true })
})

const by = { actor: 'cli:operator' }

/** A database that can be saved, and brought back to what was saved. */
interface Restorable {
  store(): Store
  save(): Promise<void>
  /** The store on it is closed. */
  bringBack(): Promise<void>
}

let databases = 0

async function sqliteDatabase(): Promise<Restorable> {
  const path = join(directory, `${++databases}.db`)
  return {
    store: () => sqlite(path),
    save: () => copyDatabase(path, `${path}.backup`),
    async bringBack() {
      await restoreSqlite(`${path}.backup`, path, systemClock, by)
    },
  }
}

async function postgresDatabase(): Promise<Restorable> {
  const name = `restored${++databases}`
  const url = (await server?.createDatabase(name)) ?? ''
  const operator = new URL('/postgres', url).href
  async function operate(...statements: readonly string[]): Promise<void> {
    const client = new pg.Client({ connectionString: operator })
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }
  return {
    store: () => postgres(url),
    // As pg_dump and pg_restore, which are not at hand everywhere: the rows as they were. Nobody else
    // may be connected to what is copied.
    save: () => operate(`create database ${name}_saved template ${name}`),
    async bringBack() {
      await operate(`drop database ${name}`, `create database ${name} template ${name}_saved`)
      const store = postgres(url)
      await store.open()
      await revokeAll(store, systemClock, by)
      await store.close()
    },
  }
}

const secretKey = 'b7e1f0a2c3d4958677869504a3b2c1d0'
const keyEncryptionKey = new Uint8Array(32).fill(9)

for (const [engine, create, skipped] of [
  ['SQLite', sqliteDatabase, false],
  ['PostgreSQL', postgresDatabase, skip],
] as const) {
  describe(`on ${engine}`, { skip: skipped }, () => {
    for (const [keys, options] of [
      ['with managed keys', { keyEncryptionKey }],
      ['with a secret key', { secretKey }],
    ] satisfies [string, Partial<AuthOptions>][]) {
      test(`nothing that was issued before a restore is good after it, which is an event, ${keys} (DD-08, LA-01)`, async (t) => {
        const database = await create()
        const before = await open(t, database, options)
        await before.auth.users.create({
          username: 'ann',
          password: goodPassword,
          role: 'admin',
        })
        const [ended, kept] = [await before.logIn(), await before.logIn()]
        const bare = await before.tokenWithoutSession()
        const oldSecret = await before.auth.clients.register({
          id: 'job',
          confidential: true,
          grants: ['client_credentials'],
          scopes: ['jobs:run'],
        })
        const own = await before.clientToken(oldSecret)
        assert.equal(await before.clientOf(own), 'job')
        await before.close()
        await database.save()

        const revoking = await open(t, database, options)
        const later = await revoking.logIn()
        assert.equal(await revoking.me(ended.access_token), 200)
        assert.equal(await revoking.me(bare), 200)
        await revoking.end(ended.refresh_token)
        const { id } = await revoking.ann()
        const keyIds = (await revoking.auth.managedKeys?.list())?.map((key) => key.id) ?? []
        for (const keyId of keyIds) await revoking.auth.managedKeys?.retire(keyId)
        await revoking.auth.users.endSessions(id)
        await revoking.auth.clients.replaceSecret('job')
        assert.equal(await revoking.clientOf(own), null)
        assert.equal(await revoking.me(ended.access_token), 401)
        assert.equal(await revoking.me(bare), 401)
        await revoking.close()

        await database.bringBack()
        const restored = await open(t, database, options)
        const told = await restored.auth.events.list({ type: 'sys_restored', limit: 9 })
        assert.deepEqual(
          told.map(({ actor, outcome }) => [actor, outcome]),
          [[by.actor, 'success']],
        )
        for (const { access_token, refresh_token } of [ended, kept, later]) {
          assert.equal(await restored.me(access_token), 401)
          assert.equal(await restored.refresh(refresh_token), 400)
        }
        assert.equal(await restored.me(bare), 401)
        // The old secret is back, but nothing that was issued for it.
        assert.equal(await restored.clientOf(own), null)
        const ownNew = await restored.clientToken(oldSecret)
        assert.equal(await restored.clientOf(ownNew), 'job')
        const keysNow = (await restored.auth.managedKeys?.list()) ?? []
        assert.ok(keysNow.every((key) => !keyIds.includes(key.id)))
        const relogin = await restored.logIn()
        assert.equal(await restored.me(relogin.access_token), 200)
        assert.equal(await restored.refresh(relogin.refresh_token), 200)
        await restored.close()
      })
    }
  })
}

test('servers that run while everything is ended refuse what they issued, and go on (DD-07, DD-08)', {
  skip,
}, async (t) => {
  const database = await postgresDatabase()
  const running = await open(t, database, { keyEncryptionKey })
  await running.auth.users.create({ username: 'ann', password: goodPassword, role: 'admin' })
  const tokens = await running.logIn()
  assert.equal(await running.me(tokens.access_token), 200)
  const command = await open(t, database, { keyEncryptionKey })
  await revokeAll(command.auth[internals].store, systemClock)
  assert.equal(await running.me(tokens.access_token), 401)
  assert.equal(await running.refresh(tokens.refresh_token), 400)
  await command.close()
  await (await open(t, database, { keyEncryptionKey })).close()
  assert.equal(await running.me((await running.logIn()).access_token), 200)
  await running.close()
})

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

/** The ready server on a database. */
function assertUnauthorized(error: unknown): null {
  assert.ok(error instanceof BearerError)
  assert.equal(error.statusCode, 401)
  return null
}

async function open(t: TestContext, database: Restorable, options: Partial<AuthOptions>) {
  const auth: Auth = await createTestAuth({ store: database.store(), ...options })
  const app = await buildApp({ auth, docs: false })
  async function close(): Promise<void> {
    await app.close()
    await auth.close()
  }
  t.after(close)
  const ann = async () => {
    const user = await auth[internals].store.users.findByUsername('ann')
    assert.ok(user)
    return user
  }
  return {
    auth,
    close,
    ann,
    logIn: async (): Promise<Tokens> => (await login(app, 'ann')).json(),
    tokenWithoutSession: async () => String(await createAccessToken(auth, (await ann()).id)),
    clientToken: async (client_secret: string): Promise<string> => {
      const grant = { grant_type: 'client_credentials', client_id: 'job', client_secret }
      return (await sendForm(app, '/auth/token', grant)).json().access_token
    },
    /** The client whose own token this is; null if a guard refuses it. */
    clientOf: async (token: string): Promise<string | null> => {
      const headers = { authorization: `Bearer ${token}` }
      const client = createGuards(auth).currentClient({ headers })
      return await client.then(({ id }) => id).catch(assertUnauthorized)
    },
    end: (token: string) => sendForm(app, '/auth/revoke', { token }),
    me: async (token: string) =>
      (await app.inject({ url: '/me', headers: { authorization: `Bearer ${token}` } })).statusCode,
    refresh: async (refresh_token: string) =>
      (await sendForm(app, '/auth/token', { grant_type: 'refresh_token', refresh_token }))
        .statusCode,
  }
}
