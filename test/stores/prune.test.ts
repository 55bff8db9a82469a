// What pruning leaves alone, how much it does at once, and how it finds what to delete. With a million
// sessions: node bench/prune.ts

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, type TestContext, test } from 'node:test'
import { type CompiledQuery, type Dialect, Kysely } from 'kysely'
import pg from 'pg'
import type { AuthEvent } from '../../src/core/events/event-store.ts'
import type { SessionRecord } from '../../src/core/sessions/session-store.ts'
import type { Store } from '../../src/core/store.ts'
import {
  aBrowserSession,
  aCode,
  addUser,
  aFactor,
  aMail,
  anApiKey,
  anEvent,
  aSession,
  aToken,
  aUser,
} from '../../src/stores/contract/records.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import type { Engine } from '../../src/stores/sql/engine.ts'
import type { Schema } from '../../src/stores/sql/schema.ts'
import { createSessionPruning } from '../../src/stores/sql/session-pruning.ts'
import { nodeSqliteDialect } from '../../src/stores/sqlite/driver.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, createTestClock } from '../fixtures.ts'
import { postgresDialect } from './bare-database.ts'
import { startPostgresOrSkip } from './postgres-server.ts'

const day = 86_400
const batch = 100
const secretKey = 'b7e1f0a2c3d4958677869504a3b2c1d0'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-prune-'))
const { server, skip } = await startPostgresOrSkip()
after(async () => {
  await server?.remove()
  rmSync(directory, { recursive: true, force: true })
})

interface Opened {
  readonly store: Store
  /** The same database, for Kysely alone. */
  readonly dialect: () => Dialect
  /** Whether rows are locked one by one. */
  readonly locksRows: boolean
  readonly run: (statements: string) => Promise<void>
  /** How a statement finds its rows, in the engine's words. */
  readonly explain: (query: CompiledQuery) => Promise<string>
}

/**
 * So many that a planner has a reason to use an index: 20,000, of which 30 are dead in each way, and 30 were used
 * again.
 */
const manySessions = (now: number): string => `
  insert into users (id, username, role, active, created_at, security_stamp)
    values ('owner', 'owner', 'member', 1, ${now}, 'stamp');
  with recursive numbers (number) as
    (select 0 union all select number + 1 from numbers where number < 19999)
  insert into sessions (id, user_id, client_id, scope, generation, created_at, security_stamp, label,
      address, expires_at, revoked_at, rotated_at, seen_at)
    select 'session' || number, 'owner', 'client', '', 0, ${now}, 'stamp', 'label', 'address',
      case when number < 30 then ${now - 2 * day} else ${now + day} + number end,
      case when number between 30 and 59 then ${now - 2 * day} end,
      case when number between 60 and 89 then ${now - 16 * day} else ${now} - number end,
      case when number between 60 and 119 then ${now - 16 * day} else ${now} - number end
    from numbers;
  analyze`

function pruning(name: string, open: () => Promise<Opened>, skipped: string | false): void {
  describe(`pruning of ${name}`, { skip: skipped }, () => {
    async function openAuth(t: TestContext) {
      const { store, ...rest } = await open()
      const clock = createTestClock()
      const auth = await createTestAuth({ store, clock, secretKey })
      t.after(() => auth.close())
      const { id } = await auth.users.create({ username: 'alice', password: null })
      const user = await store.users.findById(id)
      assert.ok(user)
      const openSession = async () => {
        const opened = await auth.sessions.open(user, { clientId: 'client', scopes: [] })
        assert.ok(opened)
        return opened
      }
      /** Sessions of another user that are as given, and nothing else. */
      const addSessions = async (times: number, changes: Partial<SessionRecord>) => {
        const owner = aUser()
        await store.users.create(owner)
        for (let added = 0; added < times; added++) {
          const session = aSession(owner, { expiresAt: clock() + 90 * day, ...changes })
          assert.ok(await store.sessions.create(session))
        }
      }
      return { auth, store, clock, openSession, addSessions, ...rest }
    }

    test('goes in batches, between which requests are answered (RI-12)', async (t) => {
      const { auth, store, clock, openSession, addSessions } = await openAuth(t)
      const { session, refreshToken } = await openSession()
      const now = clock()
      await addSessions(batch, { rotatedAt: now - 16 * day })
      await addSessions(30, { revokedAt: now - 2 * day })
      await addSessions(20, { expiresAt: now - 2 * day })
      let newest = refreshToken
      const sizes: number[] = []
      const { prune } = store.sessions
      t.mock.method(store.sessions, 'prune', async (...parameters: Parameters<typeof prune>) => {
        assert.ok(parameters[2] <= batch)
        const pruned = await prune(...parameters)
        sizes.push(pruned.deleted)
        newest = (await auth.sessions.refresh(newest, 'client')).refreshToken
        await openSession()
        const subject = await store.findSubject(session.userId, session.id)
        assert.ok(subject)
        assert.equal(subject.sessionStamp, subject.user.securityStamp)
        return pruned
      })
      assert.equal(await auth.sessions.prune(), batch + 50)
      assert.deepEqual(sizes, [batch, 50])
      assert.equal((await auth.sessions.list(session.userId)).length, 1 + sizes.length)
    })

    test('leaves what the use of a copied token is found out by (RI-12, SR-06)', async (t) => {
      const { auth, store, clock, openSession } = await openAuth(t)
      const heard: AuthEvent[] = []
      auth.events.subscribe((event) => {
        if (event.outcome === 'failure') heard.push(event)
      })
      const { session, refreshToken: stolen } = await openSession()
      let newest = stolen
      // Kept in use up to the end of its life.
      for (let days = 13; days < 90; days += 13) {
        clock.advance(13 * day)
        newest = (await auth.sessions.refresh(newest, 'client')).refreshToken
        assert.equal(await auth.sessions.prune(), 0)
      }
      await assert.rejects(auth.sessions.refresh(stolen, 'client'), { code: 'invalid_grant' })
      assert.deepEqual(
        heard.map(({ type }) => type),
        ['authn_token_reuse'],
      )
      // For a day it can still be looked at; what is refused then is refused for good.
      assert.equal(await auth.sessions.prune(), 0)
      assert.equal((await store.sessions.find(session.id))?.revokedAt, clock())
      clock.advance(day + 1)
      assert.equal(await auth.sessions.prune(), 1)
      for (const token of [stolen, newest]) {
        await assert.rejects(auth.sessions.refresh(token, 'client'), { code: 'invalid_grant' })
      }
    })

    test('reads an index from its end, and no more of the table than it deletes (RI-12)', async (t) => {
      const { clock, dialect, locksRows, explain, run } = await openAuth(t)
      const now = clock()
      await run(manySessions(now))
      const queries: CompiledQuery[] = []
      const db = new Kysely<Schema>({
        dialect: dialect(),
        log({ query }) {
          queries.push(query)
        },
      })
      // The parts of an engine that pruning has to do with.
      const inCommittedTransaction: Engine['inCommittedTransaction'] = (change) =>
        db.transaction().execute(change)
      const engine = { db, locksRows, inCommittedTransaction } as unknown as Engine
      const prune = createSessionPruning(engine)
      // Those that were used again are looked at, too.
      assert.deepEqual(await prune(now - day, now - 15 * day, batch), { deleted: 90, seen: batch })
      assert.deepEqual(await prune(now - day, now - 15 * day, batch), { deleted: 0, seen: 20 })
      for (const column of ['expires_at', 'revoked_at', 'seen_at']) {
        const plans = await Promise.all(
          queries
            .filter(({ sql }) => sql.includes(`"${column}" <`))
            .slice(0, 1)
            .map(explain),
        )
        assert.equal(plans.length, 1)
        assert.match(
          plans[0] ?? '',
          new RegExp(
            `using (covering )?index .*sessions_by_${column}|Index Scan using sessions_by_${column}`,
            'i',
          ),
        )
        assert.doesNotMatch(plans[0] ?? '', /\b(scan sessions|seq scan|sort|temp b-tree)\b/i)
      }
      await db.destroy()
    })
  })
}

let databases = 0
pruning(
  'SQLite',
  async () => {
    const path = join(directory, `${++databases}.db`)
    return {
      store: sqlite(path),
      dialect: () => nodeSqliteDialect(new DatabaseSync(path)),
      locksRows: false,
      async run(statements) {
        const database = new DatabaseSync(path)
        database.exec(statements)
        database.close()
      },
      async explain({ sql, parameters }) {
        const database = new DatabaseSync(path)
        const plan = database.prepare(`explain query plan ${sql}`).all(...(parameters as number[]))
        database.close()
        return plan.map(({ detail }) => detail).join('\n')
      },
    }
  },
  false,
)

pruning(
  'PostgreSQL',
  async () => {
    const url = (await server?.createDatabase(`prune${++databases}`)) ?? ''
    async function query(statement: string, parameters?: readonly unknown[]) {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      try {
        return (await client.query(statement, parameters && [...parameters])).rows
      } finally {
        await client.end()
      }
    }
    return {
      store: postgres(url),
      dialect: () => postgresDialect(url),
      locksRows: true,
      run: async (statements) => void (await query(statements)),
      explain: async ({ sql, parameters }) =>
        (await query(`explain ${sql}`, parameters)).map((row) => row['QUERY PLAN']).join('\n'),
    }
  },
  skip,
)

// With few rows a planner may run a subquery once for each: the limit in it is then no limit. Here it has to.
test('no pruning of PostgreSQL deletes more than its limit, however it is planned (RI-12)', {
  skip,
}, async () => {
  const url = (await server?.createDatabase('planned')) ?? ''
  const forbidden = ['hashjoin', 'hashagg', 'mergejoin', 'sort', 'material', 'memoize']
  const settings = forbidden.map((each) => `-c enable_${each}=off`).join(' ')
  const store = postgres(`${url}?options=${encodeURIComponent(settings)}`) as Required<Store>
  await store.open()
  const user = await addUser(store)
  const { securityStamp } = user
  const browser = aBrowserSession(user)
  await store.sessions.create(browser)
  const { sessions, events, apiKeys, oneTimeTokens, authorizationCodes, outbox, factors } = store
  const old = { createdAt: 1, expiresAt: 1 }
  for (let made = 0; made < 3; made++) {
    await sessions.create(aSession(user, { expiresAt: 1 }))
    await events.append(anEvent({ at: 1 }))
    await apiKeys.create(anApiKey(user, old), { securityStamp, most: 9 })
    await oneTimeTokens.put(aToken(old))
    await authorizationCodes.create(aCode(browser, old))
    await factors.begin(aFactor(await addUser(store), { createdAt: 1 }))
    await outbox.add(aMail({ ...old, dueAt: 0 }))
  }
  await outbox.expire(2, 9)
  const pruned = {
    sessions: async () => (await sessions.prune(2, 2, 2)).deleted,
    events: () => events.prune(2, 2),
    apiKeys: () => apiKeys.prune(2, 2),
    oneTimeTokens: () => oneTimeTokens.prune(2, 2),
    authorizationCodes: () => authorizationCodes.prune(2, 2),
    factors: () => factors.prune(2, 2),
    outbox: () => outbox.prune(2, 2),
  }
  for (const [name, prune] of Object.entries(pruned)) {
    assert.deepEqual([await prune(), await prune(), await prune()], [2, 1, 0], name)
  }
  await store.close()
})
