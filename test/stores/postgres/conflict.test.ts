// Transactions that are in one another's way: what PostgreSQL undoes is done again, a few times.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, describe, test } from 'node:test'
import pg from 'pg'
import { ConflictError, UnavailableError } from '../../../src/core/errors.ts'
import type { SessionRecord } from '../../../src/core/sessions/session-store.ts'
import type { Store } from '../../../src/core/store.ts'
import {
  aBrowserSession,
  aChildOf,
  anEvent,
  aSession,
  aUser,
  now,
} from '../../../src/stores/contract/records.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { authenticate, createTestAuth, goodPassword } from '../../fixtures.ts'
import { everyWrite, type WholeStore } from '../every-write.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

/** A guard against waiting for ever. */
const timeout = 300_000

describe('a conflict with another transaction', { skip, timeout }, () => {
  let url: string
  /** In no transaction, in which what others do would look as it did at first. */
  let observer: pg.Client
  const open: { end(): Promise<void> }[] = []
  before(async () => {
    url = (await server?.createDatabase('conflicts')) ?? ''
    observer = new pg.Client({ connectionString: url })
    await observer.connect()
  })
  after(() => observer.end())
  afterEach(async () => {
    for (const each of open.splice(0)) await each.end()
  })

  /** A store whose sessions have a setting, as the operator may give it in the URL. */
  async function storeWith(setting: string): Promise<Store> {
    const store = postgres(`${url}?options=${encodeURIComponent(`-c ${setting}`)}`)
    await store.open()
    open.push({ end: () => store.close() })
    return store
  }

  /** Somebody else at work in the database, who never gives way in a deadlock. */
  async function somebody(...statements: readonly string[]): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    open.push(client)
    for (const each of ["set deadlock_timeout to '1h'", ...statements]) await client.query(each)
    return client
  }

  /** Resolves when so many wait for a lock. */
  async function untilWaiting(count: number): Promise<void> {
    const waiting = `select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`
    while ((await observer.query(waiting)).rows.length < count);
  }

  test('ends a deadlock: the transaction that PostgreSQL chooses is done again, whole (DD-06)', async () => {
    const store = await storeWith('deadlock_timeout=10')
    const user = aUser()
    // In the order of the index, in which the removal comes to them: it must not wait for the second before
    // the other one waits, since PostgreSQL looks for a deadlock once, early in each wait.
    const [first, second] = [aSession(user), aSession(user)].sort((a, b) =>
      a.id < b.id ? -1 : 1,
    ) as [SessionRecord, SessionRecord]
    await store.users.create(user)
    await store.sessions.create(first)
    await store.sessions.create(second)
    const lock = (id: string): string => `select from sessions where id = '${id}' for update`
    const gate = await somebody('begin', lock(first.id))
    const other = await somebody('begin', lock(second.id))

    const event = anEvent({ actor: randomUUID() })
    const removed = store.users.remove(user.id, { event })
    await untilWaiting(1)
    const updated = other.query('update users set role = $1 where id = $2', ['other', user.id])
    await untilWaiting(2)
    await gate.query('rollback')
    // It waits for the removal: that the user is there says that the removal was undone.
    assert.equal((await updated).rowCount, 1)
    await other.query('commit')
    assert.equal(await removed, true)
    assert.equal(await store.users.findById(user.id), null)
    const { actor = '' } = event
    assert.deepEqual(await store.events.list({ actor, limit: 9 }), [event], 'recorded once')
  })

  test('ends a deadlock: so is a single statement (DD-06)', async () => {
    const store = await storeWith('deadlock_timeout=10')
    const users = [aUser(), aUser(), aUser()]
    const [first, second, third] = users.map(
      ({ id, username }) =>
        `insert into users (id, username, role, active, created_at, security_stamp)
          values ('${id}', '${username}', 'member', 1, 0, '')`,
    )
    const gate = await somebody('begin', second ?? '')
    const other = await somebody('begin', third ?? '')

    const created = store.users.createMany(users)
    await untilWaiting(1)
    const inserted = other.query(first ?? '')
    await untilWaiting(2)
    await gate.query('rollback')
    assert.equal((await inserted).rowCount, 1, 'the other statement was undone')
    await other.query('rollback')
    assert.deepEqual(
      await created,
      users.map(({ username }) => username),
    )
  })

  test('a session that is refreshed just before it is kept ends, and its client is told', async () => {
    const store = await storeWith('client_min_messages=warning')
    const user = aUser()
    const browser = aBrowserSession(user)
    const session = aChildOf(browser)
    await store.users.create(user)
    for (const each of [browser, session]) await store.sessions.create(each)
    const refresh = `update sessions set generation = 1, rotated_at = rotated_at + 1
      where id = '${session.id}'`
    const thief = await somebody('begin', refresh)
    const token = { issuedAt: session.rotatedAt, authenticatedAt: 0 }
    const changed = store.users.update(
      user.id,
      { securityStamp: 'new' },
      {
        ...{ ifStamp: user.securityStamp, keepSession: { id: session.id, token } },
        notifies: { clientIds: [session.clientId], now },
      },
    )
    await untilWaiting(1)
    await thief.query('commit')
    assert.equal((await changed)?.securityStamp, 'new')
    assert.equal((await store.sessions.find(session.id))?.securityStamp, user.securityStamp)
    const told = await store.logoutNotices?.claim({ now, until: now, limit: 9 })
    assert.deepEqual(
      told?.map(({ sessionId }) => sessionId),
      [session.id],
    )
  })

  test('is a serialization failure where that is the default: the statement is done again (DD-06)', async () => {
    const store = await storeWith('default_transaction_isolation=serializable')
    const user = aUser()
    const session = aSession(user)
    await store.users.create(user)
    await store.sessions.create(session)
    const { id, clientId } = session
    const label = `update sessions set label = 'other' where id = '${id}'`
    const other = await somebody('begin', label)
    const now = session.rotatedAt
    const rotated = store.sessions.rotate({ id, generation: 0, clientId, now, idleSince: now - 1 })
    await untilWaiting(1)
    await other.query('commit')
    const moved = { ...session, generation: 1, label: 'other' }
    assert.deepEqual(await rotated, moved)
  })

  test('is a serialization failure where that is the default: so is a transaction, whole (DD-06)', async () => {
    const store = await storeWith('default_transaction_isolation=serializable')
    const user = aUser()
    const session = aSession(user)
    await store.users.create(user)
    await store.sessions.create(session)
    // Met by the second statement of the transaction.
    const label = `update sessions set label = 'other' where id = '${session.id}'`
    const other = await somebody('begin', label)
    const renewal = {
      oldSecurityStamp: user.securityStamp,
      securityStamp: 'new',
      keepSession: { id: session.id },
    }
    const event = anEvent({ actor: randomUUID() })
    const replaced = store.users.replacePasswordHash(user.id, user.passwordHash as string, 'new', {
      renewal,
      event,
    })
    await untilWaiting(1)
    await other.query('commit')
    assert.equal(await replaced, true)
    assert.equal((await store.sessions.find(session.id))?.securityStamp, 'new')
    const { actor = '' } = event
    assert.deepEqual(await store.events.list({ actor, limit: 9 }), [event], 'recorded once')
  })

  test('of two who go last is seen whatever the isolation of the database is', async () => {
    const store = await storeWith('default_transaction_isolation=repeatable\\ read')
    const role = randomUUID()
    const both = [aUser({ role }), aUser({ role })]
    for (const user of both) await store.users.create(user)
    // Both have begun before either is done.
    const gate = await somebody(`select pg_advisory_lock(${0x706f727401})`)
    const going = both.map(({ id }) =>
      store.users.update(id, { active: false }, { keepOneActiveIn: [role] }),
    )
    const gone = Promise.allSettled(going)
    await untilWaiting(2)
    await gate.query('select pg_advisory_unlock_all()')
    const [refused, ...more] = (await gone).filter(({ status }) => status === 'rejected')
    assert.ok(refused && 'reason' in refused && refused.reason instanceof ConflictError)
    assert.deepEqual(more, [])
  })
})

// The database itself refuses one statement after the other, by triggers, in the place of another
// transaction that would have to come at the right moment.
describe('a conflict that each statement may meet', { skip, timeout }, () => {
  let store: WholeStore
  let operator: pg.Client
  before(async () => {
    const url = (await server?.createDatabase('injected')) ?? ''
    store = postgres(url) as WholeStore
    await store.open()
    operator = new pg.Client({ connectionString: url })
    await operator.connect()
    // A sequence counts on when what has counted is undone.
    await operator.query(`
      create sequence met;
      create table plan (conflict_at int, code text);
      insert into plan values (-1, '');
      create function meet() returns trigger language plpgsql as $$
        declare n bigint := nextval('met'); plan plan;
        begin
          select * into plan from plan;
          if n = plan.conflict_at or plan.conflict_at = 0 then
            raise exception 'a conflict' using errcode = plan.code;
          end if;
          return null;
        end $$`)
    const { rows } = await operator.query(
      // The log is written by triggers, whose statements are parts of others.
      `select tablename as name from pg_tables
        where schemaname = 'public' and tablename not in ('plan', 'portcullis_changes')`,
    )
    for (const { name } of rows) {
      await operator.query(`create trigger meet before insert or update or delete on ${name}
        for each statement execute function meet()`)
    }
  })
  after(async () => {
    await operator.end()
    await store.close()
  })

  /** Lets the statement of this number meet a conflict, 0 for every one, -1 for none. */
  async function plan(at: number, code = '40001'): Promise<void> {
    await operator.query('update plan set conflict_at = $1, code = $2', [at, code])
    await operator.query('alter sequence met restart')
  }

  /** How many statements were tried since. */
  async function tried(): Promise<number> {
    const { rows } = await operator.query('select last_value, is_called from met')
    return rows[0].is_called ? Number(rows[0].last_value) : 0
  }

  for (const [name, prepare] of Object.entries(everyWrite)) {
    test(`${name} is done once, whichever of its statements meets it (DD-06)`, async () => {
      for (let at = 1; ; at++) {
        await plan(-1)
        const perform = await prepare(store)
        const event = anEvent({ actor: randomUUID() })
        await plan(at, at % 2 ? '40001' : '40P01')
        assert.ok(await perform(store, event))
        const { actor = '' } = event
        assert.deepEqual(await store.events.list({ actor, limit: 9 }), [event], 'recorded once')
        // So many statements it has; the last round met nothing.
        if ((await tried()) < at) break
        assert.ok((await tried()) > at, 'tried again')
      }
      assert.ok((await tried()) > 0)
    })

    test(`${name} is given up after a few times, and nothing of it is done (DD-06)`, async () => {
      await plan(-1)
      const perform = await prepare(store)
      const [refused, event] = [
        anEvent({ actor: randomUUID() }),
        anEvent({ actor: randomUUID() }),
      ] as const
      await plan(0, '40P01')
      await assert.rejects(async () => perform(store, refused), UnavailableError)
      assert.equal(await tried(), 7)
      await plan(-1)
      assert.deepEqual(await store.events.list({ actor: refused.actor ?? '', limit: 9 }), [])
      assert.ok(await perform(store, event), 'it can be done still')
    })
  }

  test('is nothing that who logs in, refreshes and logs out gets to know of (DD-06)', async () => {
    await plan(-1)
    const auth = await createTestAuth({ store, secretKey: 'b7e1f0a2c3d4958677869504a3b2c1d0' })
    const user = await auth.users.create({ username: 'ann', password: goodPassword })
    // Counts the attempts from where it came, and so has something to forget.
    await authenticate(auth, 'ann', 'wrong')
    for (let at = 1; ; at++) {
      await plan(at)
      const found = await authenticate(auth, 'ann', goodPassword)
      assert.ok(found)
      const opened = await auth.sessions.open(found, { clientId: 'portcullis', scopes: [] })
      assert.ok(opened)
      const refreshed = await auth.sessions.refresh(opened.refreshToken, 'portcullis')
      assert.equal(refreshed.session.generation, 1)
      assert.equal(await auth.sessions.end(opened.session.id, { userId: user.id }), true)
      if ((await tried()) < at) break
    }
    assert.ok((await tried()) >= 6, 'throttle, session, event, refresh, end, event')
    await auth.close()
  })
})
