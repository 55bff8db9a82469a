// kill -9 in the middle of storms of logins, refreshes and log-outs, of the real server and of its
// database. A longer run: ROUNDS=200 node --test test/stores/kill.test.ts

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, type TestContext, test } from 'node:test'
import pg from 'pg'
import { createPasswordHasher } from '../../src/core/passwords/password-hash.ts'
import type { Store } from '../../src/core/store.ts'
import { aUser } from '../../src/stores/contract/records.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createDirectory, type Serving, serve } from '../cli/process.ts'
import { goodPassword } from '../fixtures.ts'
import { killPostgres, startAgain } from './kill-postgres.ts'
import { createLedger, type Ledger, presentAgain, type StoredSession } from './ledger.ts'
import { startPostgresOrSkip } from './postgres-server.ts'
import { type Credentials, rage, type Storm, send } from './storm.ts'

const rounds = Number(process.env.ROUNDS ?? 5)
const devicesAtWork = 8
/** A guard against hanging, in milliseconds. */
const timeout = 300_000 + rounds * 60_000

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

/** A database, read past the code under test. */
interface Examiner {
  /** Asserts that nothing is damaged, and nothing half done. */
  assertClean(): Promise<void>
  sessions(): Promise<readonly StoredSession[]>
}

interface Arena {
  readonly open: () => Store
  readonly environment: Readonly<Record<string, string>>
  readonly examiner: Examiner
  readonly directory: string
}

const passwordHash = await (await createPasswordHasher()).hash(goodPassword)

let users = 0

/**
 * A new user, somewhere else: one may have no more than so many sessions, and none is to go for being
 * too many; and a login that a kill has cut off stays counted against the place that it came from.
 */
async function addUser(arena: Arena): Promise<Credentials> {
  const store = arena.open()
  await store.open()
  const user = aUser({ passwordHash })
  await store.users.create(user)
  await store.close()
  users++
  return {
    username: user.username,
    password: goodPassword,
    address: `10.0.${users >> 8}.${users & 255}`,
  }
}

function storm(round: number, arena: Arena, ledger: Ledger, url: string, strike: () => void) {
  const moment = { after: 3 + ((round * 37) % 101), strike }
  return addUser(arena).then((user) => rage(url, user, ledger.living(devicesAtWork), moment))
}

/** The grace is long enough for a machine that is slow to start what was killed. */
const start = ({ directory, environment }: Arena): Promise<Serving> =>
  serve(directory, {
    ...{ REFRESH_GRACE: '300', DOCS: 'false', TRUSTED_PROXIES: '127.0.0.1' },
    ...environment,
  })

const summary = (answered: number, onTheirWay: number): string =>
  `${answered} requests were answered, ${onTheirWay} refreshes were stored and not acknowledged`

/** In each round the server is killed, and started again. */
async function killServer(t: TestContext, arena: Arena): Promise<void> {
  const ledger = createLedger()
  let answered = 0
  let onTheirWay = 0
  let last: Storm = { devices: [], unansweredLogins: 0, answered: 0 }
  for (let round = 0; round <= rounds; round++) {
    const { url, child, stop } = await start(arena)
    t.after(() => child.kill('SIGKILL'))
    await presentAgain(url, last)
    if (round === rounds) {
      assert.equal(await stop(), 0)
    } else {
      const exited = once(child, 'exit')
      last = await storm(round, arena, ledger, url, () => child.kill('SIGKILL'))
      assert.deepEqual(await exited, [null, 'SIGKILL'])
      ledger.enter(last)
      answered += last.answered
    }
    await arena.examiner.assertClean()
    onTheirWay += ledger.compare(await arena.examiner.sessions())
  }
  t.diagnostic(summary(answered, onTheirWay))
}

describe('SQLite', () => {
  test(`what was acknowledged, and nothing else, survives kill -9 of the server, ${rounds} times (DD-01, RI-04)`, {
    timeout,
  }, async (t) => {
    const directory = createDirectory()
    const path = join(directory, 'data', 'portcullis.db')
    const arena = {
      directory,
      environment: {},
      open: () => sqlite(path),
      examiner: sqliteExaminer(path),
    }
    await (await start(arena)).stop()
    await killServer(t, arena)
  })
})

describe('PostgreSQL', { skip }, () => {
  async function enter(name: string): Promise<Arena> {
    const url = (await server?.createDatabase(name)) ?? ''
    return {
      directory: createDirectory(),
      environment: { DATABASE_URL: url, KEY_ENCRYPTION_KEY: '4f'.repeat(32) },
      open: () => postgres(url),
      examiner: postgresExaminer(url),
    }
  }

  test(`what was acknowledged, and nothing else, survives kill -9 of the server, ${rounds} times (DD-01, RI-04)`, {
    timeout,
  }, async (t) => {
    await killServer(t, await enter('clients'))
  })

  test(`what was acknowledged, and nothing else, survives kill -9 of the database, ${rounds} times (DD-01, DD-05)`, {
    timeout,
  }, async (t) => {
    assert.ok(server)
    const database = server
    const arena = await enter('servers')
    const ledger = createLedger()
    const { url, child, stop } = await start(arena)
    t.after(() => child.kill('SIGKILL'))
    let answered = 0
    let onTheirWay = 0
    for (let round = 0; round < rounds; round++) {
      let killed: Promise<void> | undefined
      const last = await storm(round, arena, ledger, url, () => {
        killed = killPostgres(database, arena.environment.DATABASE_URL ?? '')
      })
      await killed
      await startAgain(database)
      ledger.enter(last)
      answered += last.answered
      await arena.examiner.assertClean()
      onTheirWay += ledger.compare(await arena.examiner.sessions())
      // The server was not touched: it is itself again as soon as the database is.
      while ((await send(`${url}/health/ready`, {}))?.status !== 200) {
        assert.equal(child.exitCode, null, 'the server ended')
      }
      await presentAgain(url, last)
      ledger.compare(await arena.examiner.sessions())
    }
    t.diagnostic(summary(answered, onTheirWay))
    assert.equal(await stop(), 0)
  })
})

function sqliteExaminer(path: string): Examiner {
  return {
    async assertClean() {
      const database = new DatabaseSync(path)
      const [result, ...more] = database.prepare('pragma integrity_check').all()
      assert.deepEqual([{ ...result }, ...more], [{ integrity_check: 'ok' }])
      assert.deepEqual(database.prepare('pragma foreign_key_check').all(), [])
      database.close()
    },
    async sessions() {
      const database = new DatabaseSync(path, { readOnly: true })
      const rows = database.prepare('select id, generation, revoked_at from sessions').all()
      database.close()
      return rows.map(toStoredSession)
    },
  }
}

function postgresExaminer(url: string): Examiner {
  async function ask(...statements: readonly string[]): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      let rows: Record<string, unknown>[] = []
      for (const statement of statements) rows = (await client.query(statement)).rows
      return rows
    } finally {
      await client.end()
    }
  }
  return {
    async assertClean() {
      // A transaction that lost its client is rolled back once its process notices.
      const open = `select 1 from pg_stat_activity where datname = current_database()
        and pid <> pg_backend_pid() and (xact_start is not null or state like 'idle in%')`
      while ((await ask(open)).length > 0);
      assert.deepEqual(await ask('select * from pg_prepared_xacts'), [])
      assert.deepEqual(
        await ask('select id from sessions where user_id not in (select id from users)'),
        [],
      )
      // Every table and index of ours, row by row.
      assert.deepEqual(
        await ask(
          'create extension if not exists amcheck',
          `select v.* from pg_class c, verify_heapam(c.oid) v
            where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace`,
        ),
        [],
      )
      await ask(
        `select bt_index_check(c.oid, true) from pg_class c
          where c.relkind = 'i' and c.relnamespace = 'public'::regnamespace`,
      )
    },
    async sessions() {
      return (await ask('select id, generation, revoked_at from sessions')).map(toStoredSession)
    },
  }
}

function toStoredSession(row: Record<string, unknown>): StoredSession {
  const { id, generation, revoked_at: revokedAt } = row
  return { id: String(id), generation: Number(generation), revoked: revokedAt !== null }
}
