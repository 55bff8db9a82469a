// The store behind a real PgBouncer, with the settings that the documents show.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, type TestContext, test } from 'node:test'
import pg from 'pg'
import { UnavailableError } from '../../../src/core/errors.ts'
import { storeContract } from '../../../src/stores/contract/contract.ts'
import { aSession, aUser } from '../../../src/stores/contract/records.ts'
import { inspectPostgres } from '../../../src/stores/postgres/inspection.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import {
  type Pgbouncer,
  type PgbouncerSettings,
  pgbouncerMissing,
  startPgbouncer,
} from '../pgbouncer.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'
import { leftoversQuery } from '../transaction-pooler.ts'
import { holdCommits } from './held-commits.ts'

const missing = await pgbouncerMissing()
const { server, skip } =
  missing === false ? await startPostgresOrSkip() : { server: undefined, skip: missing }
after(() => server?.remove())

const file = readFileSync(new URL('../../../deploy/pgbouncer.ini', import.meta.url), 'utf8')
/** The settings that are documented, but for those of a machine. */
const documented: PgbouncerSettings = Object.fromEntries(
  [...file.matchAll(/^(\w+) = (.+)$/gm)].flatMap(([, name = '', value = '']) =>
    /^(portcullis|listen_|auth_)/.test(name) ? [] : [[name, value]],
  ),
)

const bouncers: Pgbouncer[] = []
after(() => Promise.all(bouncers.map((bouncer) => bouncer.stop())))

/** A new database by way of a new PgBouncer. */
async function bounced(name: string, settings: PgbouncerSettings = {}) {
  assert.ok(server)
  const url = await server.createDatabase(name)
  const bouncer = await startPgbouncer(server, { ...documented, ...settings })
  bouncers.push(bouncer)
  return { url, via: bouncer.urlOf(url) }
}

/** What another client gets: as many sessions as the pool has. */
async function leftovers(via: string, sessions: number): Promise<readonly unknown[]> {
  const clients = Array.from({ length: sessions }, () => new pg.Client({ connectionString: via }))
  const found: unknown[] = []
  // Each holds its own until all have one.
  for (const client of clients) {
    await client.connect()
    await client.query('begin')
    found.push((await client.query(leftoversQuery)).rows[0])
  }
  for (const client of clients) await client.end()
  return found
}

const nothing = { settings: [], channels: [], statements: [] }

storeContract(
  'PostgreSQL behind PgBouncer in transaction mode',
  async () => {
    const { via } = await bounced('contract', { pool_mode: 'transaction' })
    const stores = [postgres(via), postgres(via)] as const
    for (const store of stores) await store.open()
    return stores
  },
  skip,
)

for (const mode of ['session', 'transaction'] as const) {
  describe(`behind PgBouncer in ${mode} mode`, { skip, timeout: 120_000 }, () => {
    let via: string
    let url: string
    const size = mode === 'transaction' ? 5 : 30
    before(async () => {
      const settings = { pool_mode: mode, default_pool_size: String(size) }
      const made = await bounced(`pool_${mode}`, settings)
      via = made.via
      url = made.url
    })

    async function open(t: TestContext) {
      const stores = [postgres(via), postgres(via)] as const
      t.after(() => Promise.all(stores.map((store) => store.close())))
      for (const store of stores) await store.open()
      const user = aUser()
      const session = aSession(user)
      await stores[0].users.create(user)
      await stores[0].sessions.create(session)
      return { stores, user, session }
    }

    test('1,000 guarded reads of two processes are answered, and nothing is left for other clients', async (t) => {
      const { stores, user, session } = await open(t)
      for (let round = 0; round < 50; round++) {
        const reads = Array.from({ length: 20 }, (_, index) =>
          stores[index % 2]?.findSubject(user.id, session.id),
        )
        for (const found of await Promise.all(reads)) assert.ok(found?.sessionStamp)
      }
      await stores[0].users.list({ search: 'a', limit: 1 })
      assert.equal(await stores[1].sessions.revoke(session.id, 1), true)
      for (const store of stores) {
        assert.equal((await store.findSubject(user.id, session.id))?.sessionStamp, null)
      }
      assert.deepEqual(await leftovers(via, 3), [nothing, nothing, nothing])
    })

    test('doctor is told, and sees the limit that the role has', async () => {
      assert.deepEqual((await inspectPostgres(via)).pooler, { limitsStatements: false })
      const operator = new pg.Client({ connectionString: url })
      await operator.connect()
      await operator.query("alter role postgres set statement_timeout = '1500ms'")
      // The connections that the pooler has are of before.
      await operator.query(
        'select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      )
      const { pooler } = await inspectPostgres(via)
      await operator.query('alter role postgres reset statement_timeout')
      await operator.end()
      assert.deepEqual(pooler, { limitsStatements: true })
    })

    test('no more statements are left behind than connections may be open, while commits hang', async (t) => {
      const store = postgres(via, { maxConnections: 2 })
      t.after(() => store.close())
      await store.open()
      const held = await holdCommits(url)
      const counted: number[] = []
      try {
        for (let round = 0; round < 3; round++) {
          const writes = Array.from({ length: 4 }, () => store.users.create(aUser()))
          for (const write of await Promise.allSettled(writes)) {
            assert.ok(write.status === 'rejected' && write.reason instanceof UnavailableError)
          }
          counted.push(await held.waiting())
          assert.equal(await store.findSubject('nobody', null), null)
        }
      } finally {
        await held.release()
      }
      assert.deepEqual(counted, [2, 2, 2])
      for (;;) {
        try {
          await store.users.create(aUser())
          break
        } catch (error) {
          assert.ok(error instanceof UnavailableError)
        }
      }
    })

    test('while the server is gone the answer is "not now", and it goes on when it is back', async (t) => {
      const { stores, user } = await open(t)
      const [store] = stores
      await server?.stop()
      for (let tries = 0; tries < 3; tries++) {
        await assert.rejects(async () => await store.findSubject(user.id, null), UnavailableError)
      }
      await server?.start()
      for (;;) {
        try {
          assert.ok(await store.findSubject(user.id, null))
          break
        } catch (error) {
          assert.ok(error instanceof UnavailableError)
        }
      }
    })
  })
}

describe('PgBouncer with other settings', { skip, timeout: 60_000 }, () => {
  for (const [title, settings, query, expected] of [
    [
      'statement mode is refused in a sentence',
      { pool_mode: 'statement' },
      '',
      /allows no transactions: set pool_mode to transaction or session/,
    ],
    [
      'settings that are not ignored are named',
      { ignore_startup_parameters: '' },
      '',
      /refuses the setting statement_timeout: add it to ignore_startup_parameters/,
    ],
    [
      'options of the URL, which would be lost, are refused',
      {},
      '?options=-c%20search_path%3Dauth',
      /refuses options: take them out of the URL/,
    ],
  ] as const) {
    test(title, async () => {
      const { via } = await bounced(`other_${bouncers.length}`, settings)
      const store = postgres(`${via}${query}`)
      await assert.rejects(store.open(), (error) => {
        assert.ok(error instanceof UnavailableError)
        assert.match(error.message, expected)
        return true
      })
    })
  }

  test('a database that is not there is said so', async () => {
    const { via } = await bounced(`other_${bouncers.length}`)
    await assert.rejects(postgres(`${via}_not`).open(), { code: 'no_database' })
  })
})
