import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import pg from 'pg'
import type { SessionRecord } from '../../../src/core/sessions/session-store.ts'
import type { Store } from '../../../src/core/store.ts'
import type { UserRecord } from '../../../src/core/users/user-store.ts'
import { aSession, aUser } from '../../../src/stores/contract/records.ts'
import { createLogPruning, createLogReader } from '../../../src/stores/postgres/change-log.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { createKysely } from '../../../src/stores/sql/named-tables.ts'
import { postgresDialect } from '../bare-database.ts'
import { makeOlder } from '../older-database.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

async function connectTo(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

describe('the log of changes', { skip, timeout: 100_000 }, () => {
  let url: string
  let store: Store
  /** Who changes, and somebody else. */
  let one: pg.Client
  let other: pg.Client
  /** Who reads. */
  let readers: readonly pg.Client[]
  /** Reads, and returns what was told. */
  let news: () => Promise<readonly string[]>

  before(async () => {
    url = (await server?.createDatabase('log')) ?? ''
    store = postgres(url)
    await store.open()
    one = await connectTo(url)
    other = await connectTo(url)
  })
  after(async () => {
    for (const client of [one, other]) await client.end()
    await store.close()
  })
  beforeEach(async () => {
    readers = []
    news = await reader()
  })
  afterEach(async () => {
    for (const client of readers) await client.end()
  })

  /** One more process that reads. */
  async function reader(): Promise<() => Promise<readonly string[]>> {
    const client = await connectTo(url)
    readers = [...readers, client]
    let told: string[] = []
    const { exchange } = createLogReader(client, {}, 'nobody', (what) => told.push(what))
    await exchange([])
    assert.deepEqual(told, [], 'what was before is not told')
    return async () => {
      told = []
      await exchange([])
      return told
    }
  }

  async function add(): Promise<{ user: UserRecord; session: SessionRecord }> {
    const user = aUser()
    const session = aSession(user)
    await store.users.create(user)
    await store.sessions.create(session)
    return { user, session }
  }

  async function addUser(): Promise<string> {
    return (await add()).user.id
  }

  const change = 'update users set active = 1 - active where id = $1'

  test('tells what an operator does by hand', async () => {
    for (const [statement, parameter] of [
      ['update users set active = 0 where id = $1', 'user'],
      ['update users set username = id where id = $1', 'user'],
      ["update users set fields = '{}' where id = $1", 'user'],
      ['update users set email = id, email_key = id where id = $1', 'user'],
      ['update users set email_verified_at = 1 where id = $1', 'user'],
      ['update users set suspended_until = 1, delete_at = 1 where id = $1', 'user'],
      ['delete from users where id = $1', 'user'],
      ['update sessions set revoked_at = 1 where id = $1', 'session'],
      ['update sessions set security_stamp = id where id = $1', 'session'],
      ['delete from sessions where id = $1', 'session'],
    ] as const) {
      const made = await add()
      assert.deepEqual(await news(), [], 'what is new was read by nobody')
      await one.query(statement, [made[parameter].id])
      assert.deepEqual(new Set(await news()), new Set([made.user.id]), statement)
    }
    for (const statement of [
      "insert into signing_keys select id, 'ES256', 'sealed', 1 from users",
      'update signing_keys set created_at = 2',
      'delete from signing_keys',
      'truncate signing_keys',
      'truncate sessions',
      'truncate users cascade',
    ]) {
      await one.query(statement)
      assert.deepEqual(new Set(await news()), new Set('*'), statement)
    }
  })

  test('does not tell what does not concern a guard', async () => {
    const { user, session } = await add()
    const { id, generation, clientId, rotatedAt: now } = session
    await store.sessions.rotate({ id, generation, clientId, now, idleSince: now - 1 })
    await store.users.replacePasswordHash(user.id, String(user.passwordHash), 'renewed')
    assert.deepEqual(await news(), [])
    await store.sessions.revoke(id, now)
    assert.deepEqual(await news(), [user.id])
    await store.sessions.prune(now + 1, 0, 10)
    assert.deepEqual(await news(), [], 'it had ended before')
  })

  test('tells a change once, when it is committed, also after those that began later', async () => {
    const [slow, fast] = [await addUser(), await addUser()]
    await one.query('begin')
    await one.query(change, [slow])
    await other.query(change, [fast])
    assert.deepEqual(await news(), [fast])
    const late = await reader()
    assert.deepEqual(await late(), [])
    await one.query('commit')
    for (const each of [news, late]) {
      assert.deepEqual(await each(), [slow])
      assert.deepEqual(await each(), [])
    }
  })

  test('tells what a savepoint has kept, and nothing that was undone', async () => {
    const [kept, undone, never] = [await addUser(), await addUser(), await addUser()]
    await one.query('begin; savepoint first')
    await one.query(change, [kept])
    await one.query('release savepoint first; savepoint second')
    await one.query(change, [undone])
    assert.deepEqual(await news(), [])
    await one.query('rollback to savepoint second; commit')
    assert.deepEqual(await news(), [kept])
    await one.query('begin')
    await one.query(change, [never])
    await one.query('rollback')
    assert.deepEqual(await news(), [])
  })

  test('tells each of 50 changes at once to each of three readers, once', async () => {
    const users = await Promise.all(Array.from({ length: 50 }, addUser))
    const each = [news, await reader(), await reader()]
    const changed = Promise.all(users.map((id) => store.users.update(id, { role: 'changed' })))
    let isDone = false
    void changed.then(() => {
      isDone = true
    })
    const told = await Promise.all(
      each.map(async (read) => {
        const all: string[] = []
        while (!isDone) all.push(...(await read()))
        return [...all, ...(await read())]
      }),
    )
    for (const all of told) assert.deepEqual(all.toSorted(), users.toSorted())
  })

  test('tells that anything may have changed if more has than is worth telling', async () => {
    await one.query(`insert into users (id, username, role, active, created_at, security_stamp)
      select 'many' || n, 'many' || n, 'member', 1, 1, 'stamp' from generate_series(1, 1000) as n`)
    await one.query("update users set active = 0 where id like 'many%' and id <> 'many1'")
    assert.equal((await news()).length, 999)
    await one.query("update users set active = 2 where id like 'many%'")
    assert.deepEqual(await news(), ['*'])
    await one.query("delete from users where id like 'many%'")
  })

  for (const statement of ['delete from portcullis_changes', 'truncate portcullis_changes']) {
    test(`tells that anything may have changed after: ${statement}`, async () => {
      await one.query(change, [await addUser()])
      await one.query(statement)
      assert.deepEqual(await news(), ['*'])
      assert.deepEqual(await news(), [])
    })
  }

  test('may lose by hand what everybody has read', async () => {
    await one.query(change, [await addUser()])
    await news()
    // Transactions that began before then may be in what is left.
    await one.query(change, [await addUser()])
    await news()
    await one.query('delete from portcullis_changes')
    assert.deepEqual(await news(), [])
  })

  describe('when it is pruned', () => {
    const length = async (): Promise<number> => {
      const { rows } = await one.query('select count(*)::int as length from portcullis_changes')
      return rows[0].length
    }

    async function prunes(t: { after(close: () => Promise<void>): void }, keptFor?: number) {
      const db = createKysely(postgresDialect(url), {})
      t.after(() => db.destroy())
      return createLogPruning(db as never, keptFor)
    }

    test('loses what had been committed the last time, and who was away is told', async (t) => {
      const prune = await prunes(t, 0)
      const away = await reader()
      const [before, between] = [await addUser(), await addUser()]
      await one.query(change, [before])
      await prune()
      assert.deepEqual(await news(), [before], 'nothing is old when it begins')
      await one.query(change, [between])
      assert.deepEqual(await news(), [between])
      await prune()
      assert.deepEqual(await news(), [], 'who has read it need not know')
      assert.deepEqual(new Set(await away()), new Set(['*', between]))
      await prune()
      assert.equal(await length(), 2, 'what the last two deletions have written')
      const late = await reader()
      await one.query(change, [between])
      for (const each of [news, away, late])
        assert.deepEqual(new Set(await each()).has(between), true)
    })

    test('keeps what is not committed, however long that takes', async (t) => {
      const prune = await prunes(t, 0)
      const slow = await addUser()
      await one.query('begin')
      await one.query(change, [slow])
      for (let times = 0; times < 3; times++) {
        await other.query(change, [await addUser()])
        await news()
        await prune()
      }
      await one.query('commit')
      assert.deepEqual(await news(), [slow])
    })

    test('loses nothing a second time within a minute', async (t) => {
      const prune = await prunes(t)
      await prune()
      await one.query(change, [await addUser()])
      const before = await length()
      await prune()
      assert.equal(await length(), before)
    })

    test('loses what was copied from another server, whose transactions are yet to come here', async (t) => {
      await one.query("insert into portcullis_changes values ('999999999999', 'of another server')")
      await (await prunes(t, 0))()
      const { rows } = await one.query(
        "select * from portcullis_changes where user_id = 'of another server'",
      )
      assert.deepEqual(rows, [])
    })

    test('by two at once, deletes each change once', async (t) => {
      const both = [await prunes(t, 0), await prunes(t, 0)]
      await one.query(change, [await addUser()])
      await news()
      for (const round of [1, 2, 3]) {
        await Promise.all(both.map((prune) => prune()))
        assert.deepEqual((await news()).includes('*'), false, `round ${round}`)
      }
      assert.ok((await length()) <= 3)
    })

    test('nobody hears of a failure, and the next one tries again', async () => {
      const broken = createKysely(postgresDialect(`${url}_absent`), {})
      const prune = createLogPruning(broken as never)
      await prune()
      await prune()
      await broken.destroy()
    })
  })

  test('is written for a role that may change users and has no right to the log, which gains none', async () => {
    const id = await addUser()
    await one.query('create role clerk; grant select, update on users to clerk; set role clerk')
    await one.query(change, [id])
    await assert.rejects(one.query('select * from portcullis_changes'), { code: '42501' })
    await assert.rejects(
      one.query(`create temporary table portcullis_changes (user_id text);
        create trigger mine after insert on portcullis_changes execute function portcullis_log_all()`),
      { code: '42501' },
    )
    await one.query('reset role; drop owned by clerk; drop role clerk')
    assert.deepEqual(await news(), [id])
  })
})

describe('a database of a build that heard notifications', { skip }, () => {
  /** The statement of the documents that ends them. */
  const [, ending = ''] =
    readFileSync(new URL('../../../docs/upgrading.md', import.meta.url), 'utf8').match(
      /```sql\n(DROP FUNCTION[^`]*)```/,
    ) ?? []

  for (const isOld of [true, false]) {
    test(`${isOld ? 'goes on to notify until an operator ends that' : 'is none, if it is new'}`, async (t) => {
      const url = (await server?.createDatabase(isOld ? 'old' : 'new')) ?? ''
      if (isOld) await makeOlder(url, '0022_change_log')
      const store = postgres(url)
      t.after(() => store.close())
      await store.open()
      const operator = await connectTo(url)
      t.after(() => operator.end())
      const heard: (string | undefined)[] = []
      operator.on('notification', ({ payload }) => heard.push(payload))
      await operator.query('listen portcullis')
      const user = aUser()
      await store.users.create(user)
      await store.users.update(user.id, { role: 'one' })
      await operator.query('select')
      assert.deepEqual(heard, isOld ? [user.id] : [])
      if (isOld) await operator.query(ending)
      await store.users.update(user.id, { role: 'two' })
      await operator.query('select')
      assert.deepEqual(heard, isOld ? [user.id] : [])
      const { rows } = await operator.query('select distinct user_id from portcullis_changes')
      assert.ok(rows.some(({ user_id }) => user_id === user.id))
    })
  }
})
