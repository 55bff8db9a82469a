// Databases of earlier versions, opened by today's. Kills before every statement, not before some:
// ROUNDS=all node --test test/stores/migrations/migrations.test.ts

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createAuth } from '../../../src/core/auth.ts'
import { internals } from '../../../src/core/internals.ts'
import { buildApp } from '../../../src/server/app.ts'
import { createTestClock } from '../../fixtures.ts'
import { fromBuild } from '../../prepared.ts'
import { type BareDatabase, postgresDatabase, type Row, sqliteDatabase } from '../bare-database.ts'
import * as old from '../first-version.ts'
import type { Count } from '../open-until-killed.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const opener = fileURLToPath(new URL('../open-until-killed.ts', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'portcullis-migrations-'))
const { server, skip } = await startPostgresOrSkip()
after(async () => {
  await server?.remove()
  rmSync(directory, { recursive: true, force: true })
})

/** Opens a database in another process, which counts its statements; null if it was killed. */
async function openElsewhere({ address }: BareDatabase, killBefore = 0): Promise<Count | null> {
  const child = spawn(process.execPath, [...fromBuild, opener, address, String(killBefore)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  const [code, signal] = await once(child, 'close')
  if (signal === 'SIGKILL') return null
  assert.equal(code, 0)
  return JSON.parse(said)
}

/** Kills processes that open such a database, each before another statement. */
async function killBeforeEach(
  create: () => Promise<BareDatabase>,
  examine: (database: BareDatabase) => Promise<void>,
): Promise<string> {
  const count = await openElsewhere(await create())
  assert.ok(count && count.commit > 5, 'the statements were counted')
  const { statements, commit } = count
  const all = Array.from({ length: statements }, (_, index) => index + 1)
  const some = [commit - 4, commit, commit + 1].filter((each) => each <= statements)
  const chosen = process.env.ROUNDS === undefined ? some : all
  for (const statement of chosen) {
    const database = await create()
    const opened = await openElsewhere(database, statement)
    if (statement <= commit) assert.equal(opened, null, 'it was killed')
    await examine(database)
  }
  return `killed before ${chosen.length} of ${statements} statements`
}

async function openAndClose(database: BareDatabase): Promise<void> {
  const store = database.store()
  await store.open()
  await store.close()
}

/** Everything that is in a database. */
async function dump(database: BareDatabase): Promise<unknown> {
  const schema = await database.schema()
  const tables = new Set(schema.map((row) => String(row.table)))
  const rows: Record<string, readonly Row[]> = {}
  for (const table of [...tables].sort()) {
    rows[table] = await database.run(`select * from ${table} order by 1`)
  }
  return { schema, rows, steps: await database.run(`select * from ${await stepTable(database)}`) }
}

/** What is in the columns that there were then. */
async function oldRows(database: BareDatabase, upTo: old.OldStep): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const [table, columns] of Object.entries(old.oldColumns)) {
    if (table === 'sessions' && upTo === '0001_users_and_keys') continue
    rows.push(...(await database.run(`select ${columns} from ${table} order by 1`)))
  }
  return rows
}

const steps = async (database: BareDatabase): Promise<readonly unknown[]> => {
  const rows = await database.run(`select name from ${await stepTable(database)} order by name`)
  return rows.map(({ name }) => name)
}

/** The table of the steps. In an old database it has Kysely's name until it is renamed. */
async function stepTable(database: BareDatabase): Promise<string> {
  return (await has(database, 'kysely_migration')) ? 'kysely_migration' : 'portcullis_migration'
}

async function has(database: BareDatabase, table: string): Promise<boolean> {
  return await database.run(`select 1 from ${table}`).then(
    () => true,
    () => false,
  )
}

function migrations(
  name: string,
  create: () => Promise<BareDatabase>,
  skipped: string | false,
): void {
  describe(`a database of the first version on ${name}`, { skip: skipped }, () => {
    let today: { readonly schema: readonly Row[]; readonly steps: readonly unknown[] }
    before(async () => {
      const database = await create()
      await openAndClose(database)
      today = { schema: await database.schema(), steps: await steps(database) }
    })

    async function createOld(upTo: old.OldStep): Promise<BareDatabase> {
      const database = await create()
      await database.run(old.statementsUpTo(upTo))
      return database
    }

    /** The ready server on an old database, with the clock of that time. */
    async function openServer(t: TestContext, upTo: old.OldStep) {
      const database = await createOld(upTo)
      const { issuer, keyEncryptionKey } = old
      const clock = createTestClock(old.madeAt)
      const auth = await createAuth({ store: database.store(), issuer, keyEncryptionKey, clock })
      const app = await buildApp({ auth, docs: false })
      t.after(async () => {
        await app.close()
        await auth.close()
      })
      async function post(url: string, form: Readonly<Record<string, string>>) {
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        const payload = new URLSearchParams(form).toString()
        const answer = await app.inject({ method: 'POST', url, headers, payload })
        return { status: answer.statusCode, tokens: answer.body === '' ? {} : answer.json() }
      }
      return {
        auth,
        end: (token: string) => post('/auth/revoke', { token }),
        logIn: (username: string, password = old.oldPassword) =>
          post('/auth/token', { username, password }),
        refresh: (token: string) =>
          post('/auth/token', { grant_type: 'refresh_token', refresh_token: token }),
        async me(token: string) {
          const headers = { authorization: `Bearer ${token}` }
          const answer = await app.inject({ url: '/me', headers })
          return [answer.statusCode, answer.json().username]
        },
      }
    }

    async function assertToday(database: BareDatabase): Promise<void> {
      for (const former of ['kysely_migration', 'kysely_migration_lock']) {
        assert.equal(await has(database, former), false)
      }
      assert.deepEqual(await steps(database), today.steps)
      assert.deepEqual(await database.schema(), today.schema)
    }

    for (const upTo of old.oldSteps) {
      test(`up to ${upTo} is brought up to date, keeps every row, and a second start changes nothing (DD-09)`, async () => {
        const database = await createOld(upTo)
        const rows = await oldRows(database, upTo)
        await openAndClose(database)
        await assertToday(database)
        assert.deepEqual(await oldRows(database, upTo), rows)
        const first = await dump(database)
        await openAndClose(database)
        assert.deepEqual(await dump(database), first)
      })

      test(`up to ${upTo} knows its users: who could log in can, and nobody else`, async (t) => {
        const { auth, logIn, me, refresh } = await openServer(t, upTo)
        // A bcrypt hash is replaced after the first good login, and then is none.
        for (const username of ['alice', 'dave', 'dave']) {
          const { status, tokens } = await logIn(username)
          assert.equal(status, 200)
          assert.deepEqual(await me(tokens.access_token), [200, username])
          assert.equal((await refresh(tokens.refresh_token)).status, 200)
          const user = await auth[internals].store.users.findByUsername(username)
          assert.match(user?.passwordHash ?? '', /^\$argon2id\$/)
          assert.equal(user?.role, username === 'alice' ? 'admin' : 'member')
        }
        const inactive = await logIn('bob')
        assert.equal(inactive.tokens.refresh_token, undefined)
        assert.deepEqual(await me(inactive.tokens.access_token), [403, undefined])
        assert.equal((await logIn('carol')).status, 401)
        assert.equal((await logIn('alice', 'another password')).status, 401)
      })

      test(`up to ${upTo} has the key that its tokens were signed with, and its logins (OP-98)`, async (t) => {
        const { end, me, refresh } = await openServer(t, upTo)
        assert.deepEqual(await me(old.accessTokenWithoutSession), [200, 'alice'])
        if (upTo === '0002_sessions') {
          assert.deepEqual(await me(old.accessTokenOfSession), [200, 'alice'])
          const { status, tokens } = await refresh(old.refreshToken)
          assert.equal(status, 200)
          assert.equal((await refresh(old.refreshTokenOfEnded)).status, 400)
          assert.equal((await end(tokens.refresh_token)).status, 200)
        }
        // Of a session that there is not, or not any more.
        assert.deepEqual(await me(old.accessTokenOfSession), [401, undefined])
      })

      test(`up to ${upTo} is opened by two processes at once (DD-09)`, async () => {
        const database = await createOld(upTo)
        const rows = await oldRows(database, upTo)
        const opened = await Promise.all([1, 2].map(() => openElsewhere(database)))
        assert.ok(opened.every((count) => count !== null))
        await assertToday(database)
        assert.deepEqual(await oldRows(database, upTo), rows)
      })

      test(`up to ${upTo} is as it was, or up to date, after kill -9 before any statement, and the next start completes (DD-09)`, async (t) => {
        const before = await dump(await createOld(upTo))
        const rows = await oldRows(await createOld(upTo), upTo)
        const said = await killBeforeEach(
          () => createOld(upTo),
          async (database) => {
            if ((await steps(database)).length < today.steps.length) {
              assert.deepEqual(await dump(database), before)
              await openAndClose(database)
            }
            await assertToday(database)
            assert.deepEqual(await oldRows(database, upTo), rows)
          },
        )
        t.diagnostic(said)
      })
    }

    test('is as it was after a step that fails in the middle, and the next start completes (DD-09)', async () => {
      const upTo = '0001_users_and_keys'
      const database = await createOld(upTo)
      // The last statement of the second step makes an index of this name.
      await database.run('create index sessions_by_rotated_at on users (role)')
      const before = await dump(database)
      const store = database.store()
      await assert.rejects(store.open(), /sessions_by_rotated_at/)
      await store.close()
      assert.deepEqual(await dump(database), before)
      await database.run('drop index sessions_by_rotated_at')
      await openAndClose(database)
      await assertToday(database)
    })

    test('shared with another application that uses Kysely leaves its tables alone', async () => {
      const database = await create()
      await database.run('create table kysely_migration (name text, timestamp text)')
      await database.run("insert into kysely_migration values ('2025_theirs', '2025-01-01')")
      await openAndClose(database)
      await openAndClose(database)
      const theirs = await database.run('select name from kysely_migration')
      assert.deepEqual(
        theirs.map(({ name }) => name),
        ['2025_theirs'],
      )
      const own = await database.run('select name from portcullis_migration order by name')
      assert.deepEqual(
        own.map(({ name }) => name),
        today.steps,
      )
    })

    test('that is new is completed after kill -9 before any statement (DD-09)', async (t) => {
      const said = await killBeforeEach(create, async (database) => {
        await openAndClose(database)
        await assertToday(database)
      })
      t.diagnostic(said)
    })
  })
}

let databases = 0

test('two schemas of one database on PostgreSQL are two stores', { skip }, async () => {
  const url = (await server?.createDatabase(`old${++databases}`)) ?? ''
  const schemas = ['one', 'two']
  await postgresDatabase(url).run(schemas.map((name) => `create schema ${name};`).join(''))
  for (const schema of schemas) {
    const database = postgresDatabase(`${url}?options=-c%20search_path%3D${schema}`)
    await openAndClose(database)
    assert.deepEqual(await database.run('select count(*)::int as users from users'), [{ users: 0 }])
  }
  const tables = await postgresDatabase(url).run(
    "select table_schema from information_schema.tables where table_name = 'users' order by 1",
  )
  assert.deepEqual(
    tables.map(({ table_schema }) => table_schema),
    schemas,
  )
})

migrations('SQLite', async () => sqliteDatabase(join(directory, `${++databases}.db`)), false)
migrations(
  'PostgreSQL',
  async () => postgresDatabase((await server?.createDatabase(`old${++databases}`)) ?? ''),
  skip,
)
