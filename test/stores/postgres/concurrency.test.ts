// What happens while another connection holds a row or has not committed yet: the moments in between that two
// processes meet by chance, made here on purpose.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import pg from 'pg'
import type { FactorRecord } from '../../../src/core/factors/factor-store.ts'
import type { Store } from '../../../src/core/store.ts'
import {
  addUser,
  aFactor,
  anEvent,
  aSession,
  aUser,
  conflict,
  now,
} from '../../../src/stores/contract/records.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import * as old from '../first-version.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

async function operate(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

/** Waits until so many others wait for a lock, or the promise has settled, which they should not let it. */
async function waiting(operator: pg.Client, count: number, ...promises: Promise<unknown>[]) {
  let settled = false
  for (const promise of promises) {
    promise.then(
      () => (settled = true),
      () => (settled = true),
    )
  }
  for (;;) {
    const { rows } = await operator.query<{ count: number }>(
      'select count(distinct pid)::int from pg_locks where not granted',
    )
    if (settled || rows[0]?.count === count) return
    await setImmediate()
  }
}

describe('while somebody else holds a row of a PostgreSQL database', {
  skip,
  timeout: 60_000,
}, () => {
  let operator: pg.Client
  let store: Store
  let other: Store

  before(async () => {
    const url = (await server?.createDatabase('held')) ?? ''
    store = postgres(url)
    other = postgres(url)
    await store.open()
    await other.open()
    operator = await operate(url)
  })
  after(async () => {
    await operator.end()
    await store.close()
    await other.close()
  })
  beforeEach(() => operator.query('delete from users'))

  for (const [how, change] of [
    [
      'deactivated',
      (id: string) => other.users.update(id, { active: false }, { keepOneActiveIn: ['admin'] }),
    ],
    ['removed', (id: string) => other.users.remove(id, { keepOneActiveIn: ['admin'] })],
  ] as const) {
    test(`the last but one is ${how} after the one whose turn it is`, async () => {
      const one = await addUser(store, { role: 'admin' })
      const another = await addUser(store, { role: 'admin' })
      await operator.query('begin')
      await operator.query('select from users where id = $1 for update', [one.id])
      const first = store.users.update(one.id, { role: 'member' }, { keepOneActiveIn: ['admin'] })
      await waiting(operator, 1, first)
      const second = change(another.id)
      await waiting(operator, 2, second)
      await operator.query('commit')
      assert.equal((await first)?.role, 'member')
      await assert.rejects(second, conflict('last_active'))
    })
  }

  test('a second first user waits for the one whose turn it is, and is none then (DD-14)', async () => {
    const user = aUser()
    await operator.query('begin')
    // What is undone below keeps the name until then.
    await operator.query(
      "insert into users (id, username, role, active, created_at, security_stamp) values ('undone', $1, '', 1, 0, '')",
      [user.username],
    )
    const first = store.users.createFirst(user)
    await waiting(operator, 1, first)
    const second = other.users.createFirst(aUser())
    await waiting(operator, 2, second)
    await operator.query('rollback')
    assert.deepEqual([await first, await second], [true, false])
  })

  test('sessions that somebody is about to change are pruned the next time, the others now', async () => {
    const user = await addUser(store)
    const [held, free] = [aSession(user, { expiresAt: 1 }), aSession(user, { expiresAt: 2 })]
    await store.sessions.create(held)
    await store.sessions.create(free)
    await operator.query('begin')
    await operator.query('select from sessions where id = $1 for update', [held.id])
    assert.equal((await store.sessions.prune(10, 0, 100)).deleted, 1)
    assert.equal(await store.sessions.find(free.id), null)
    await operator.query('commit')
    assert.equal((await store.sessions.prune(10, 0, 100)).deleted, 1)
    assert.equal(await store.sessions.find(held.id), null)
  })

  test('the factors of one user change while those of another wait', async () => {
    const { factors } = store as Required<Store>
    const { factors: elsewhere } = other as Required<Store>
    const [user, another] = [await addUser(store), await addUser(store)]
    const confirmed = { confirmedAt: now }
    const [held, stays, goes] = [user, another, another].map((each) => aFactor(each, confirmed))
    const begun = aFactor(another)
    for (const each of [held, stays, goes, begun]) await factors.begin(each as FactorRecord)
    await operator.query('begin')
    await operator.query('select from factors where id = $1 for update', [held?.id])
    const waits = factors.remove(user.id, held?.id ?? '')
    await waiting(operator, 1, waits)
    assert.equal(await elsewhere.replaceRecoveryCodes(another.id, ['digest']), true)
    const { id: userId, securityStamp } = another
    const how = { securityStamp, step: 7, now, createdAfter: 0 }
    assert.equal(await elsewhere.confirm({ id: begun.id, userId, ...how }), true)
    assert.equal(await elsewhere.remove(userId, goes?.id ?? ''), true)
    await operator.query('commit')
    assert.equal(await waits, true)
  })

  test('a connection that is ended while nobody uses it is replaced, and no request notices', async () => {
    const idle = () => store.statistics?.().connections?.idle
    await store.check()
    await operator.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name = 'portcullis'",
    )
    while (idle() !== 0) await setImmediate()
    await store.check()
    assert.equal(idle(), 1)
  })

  test('events that somebody else prunes are left to them', async () => {
    const [held, free] = [anEvent({ at: 1 }), anEvent({ at: 2 })]
    await store.events.append(held)
    await store.events.append(free)
    await operator.query('begin')
    await operator.query('select from events where id = $1 for update', [held.id])
    assert.equal(await store.events.prune(10, 100), 1)
    await operator.query('commit')
    assert.equal(await store.events.prune(10, 100), 1)
  })
})

test('two processes that open a database of the first version rename its tables one after the other (DD-09)', {
  skip,
  timeout: 60_000,
}, async () => {
  const url = (await server?.createDatabase('former')) ?? ''
  const operator = await operate(url)
  await operator.query(old.statementsUpTo('0001_users_and_keys'))
  await operator.query('begin')
  // Reading is possible, renaming is not.
  await operator.query('lock table kysely_migration in access share mode')
  const [first, second] = [postgres(url), postgres(url)]
  const openings = [first.open()]
  await waiting(operator, 1, ...openings)
  openings.push(second.open())
  await waiting(operator, 2, ...openings)
  await operator.query('commit')
  await Promise.all(openings)
  for (const store of [first, second]) {
    await store.users.create(aUser())
    await store.close()
  }
  await operator.end()
})
