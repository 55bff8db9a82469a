// Events on PostgreSQL are kept by day: where they go, what is deleted whole, and what an older table becomes.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import pg from 'pg'
import { UnavailableError } from '../../../src/core/errors.ts'
import type { AuthEvent } from '../../../src/core/events/event-store.ts'
import { pruneInBatches } from '../../../src/core/prune-batches.ts'
import type { Store } from '../../../src/core/store.ts'
import { anEvent } from '../../../src/stores/contract/records.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { makeOlder } from '../older-database.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const day = 86_400
/** What the clock of each database says. */
const now = Date.UTC(2027, 0, 15, 12) / 1000
const today = now - (now % day)
const { server, skip } = await startPostgresOrSkip()

interface Database {
  readonly address: string
  run(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

let databases = 0
const operators: pg.Client[] = []
after(async () => {
  for (const each of operators) await each.end()
  await server?.remove()
})

async function createDatabase(): Promise<Database> {
  const name = `partitions${databases++}`
  const address = (await server?.createDatabase(name)) ?? ''
  const operator = new pg.Client({ connectionString: address })
  operators.push(operator)
  await operator.connect()
  await operator.query(`create function now() returns timestamptz stable
      return to_timestamp(${now});
    alter database ${name} set search_path to public, pg_catalog;
    set search_path to public, pg_catalog`)
  return { address, run: async (statement) => (await operator.query(statement)).rows }
}

async function openStore({ address }: Database): Promise<Store> {
  const store = postgres(address)
  await store.open()
  return store
}

const nameOf = (begin: number): string =>
  `events_${new Date(begin * 1000).toISOString().slice(0, 10).replaceAll('-', '_')}`

/** A partition as it was made when its day was ahead. */
const makePartition = (begin: number): string =>
  `create table ${nameOf(begin)} partition of events for values from (${begin}) to (${begin + day})`

async function partitions(database: Database): Promise<readonly unknown[]> {
  const rows = await database.run(
    "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass order by 1",
  )
  return rows.map(({ name }) => name)
}

/** How many events each partition has. */
async function places(database: Database): Promise<Readonly<Record<string, number>>> {
  const rows = await database.run(
    'select tableoid::regclass::text as name, count(*)::int as events from events group by 1 order by 1',
  )
  return Object.fromEntries(rows.map(({ name, events }) => [String(name), Number(events)]))
}

async function append(store: Store, instants: readonly number[]): Promise<readonly AuthEvent[]> {
  const events = instants.map((at) => anEvent({ at, userId: 'alice' }))
  for (const event of events) await store.events.append(event)
  return events
}

test('every event has its place, whatever the clock says, and is read in order', {
  skip,
}, async () => {
  const database = await createDatabase()
  const store = await openStore(database)
  const days = [0, 1, 2, 3].map((number) => nameOf(today + number * day))
  assert.deepEqual(await partitions(database), [...days, 'events_default'])
  const instants = [1, today - 1, today, today + day, today + 3 * day, today + 1000 * day]
  const events = (await append(store, instants)).toReversed()
  assert.deepEqual(await places(database), {
    [nameOf(today)]: 1,
    [nameOf(today + day)]: 1,
    [nameOf(today + 3 * day)]: 1,
    events_default: 3,
  })
  for (const query of [{}, { userId: 'alice' }]) {
    const first = await store.events.list({ ...query, limit: 3 })
    const after = first.at(-1) as AuthEvent
    const rest = await store.events.list({ ...query, after, limit: 9 })
    assert.deepEqual([...first, ...rest], events)
  }
  await store.close()
})

test('a day is dropped when all of it is too old, and the rest one by one', { skip }, async () => {
  const database = await createDatabase()
  const store = await openStore(database)
  const [old, edge, young] = [100, 90, 8].map((days) => today - days * day) as [
    number,
    number,
    number,
  ]
  for (const begin of [old, edge, young]) await database.run(makePartition(begin))
  const instants = [1, 2, 3, old, old + 1, edge, edge + 10, young]
  const events = await append(store, instants)
  await database.run('analyze events')
  const before = edge + 10
  // The day of the instant stays whole.
  assert.equal(await store.events.prune(before, 3), 2 + 1)
  assert.equal(await store.events.prune(before, 3), 2)
  assert.equal(await store.events.prune(before, 3), 0)
  assert.ok(!(await partitions(database)).includes(nameOf(old)))
  assert.deepEqual(await store.events.list({ limit: 9 }), events.slice(5).toReversed())
  await store.close()
})

test('a clock that is far ahead drops nothing of the last 7 days', { skip }, async () => {
  const database = await createDatabase()
  const store = await openStore(database)
  const kept = [0, 1, 6].map((days) => today - days * day)
  for (const begin of kept.slice(1)) await database.run(makePartition(begin))
  await database.run(makePartition(today - 8 * day))
  await append(store, kept)
  assert.equal(await store.events.prune(now + 1000 * day, 9), 0)
  assert.deepEqual(Object.keys(await places(database)), kept.map(nameOf).toSorted())
  assert.ok(!(await partitions(database)).includes(nameOf(today - 8 * day)))
  await store.close()
})

test('two processes that prune at once make and drop each partition once', { skip }, async () => {
  const database = await createDatabase()
  const stores = [await openStore(database), await openStore(database)]
  for (const begin of [today - 100 * day, today - 99 * day])
    await database.run(makePartition(begin))
  await database.run(`drop table ${nameOf(today + 2 * day)}, ${nameOf(today + 3 * day)}`)
  await Promise.all(
    [...stores, ...stores, ...stores].map((store) => store.events.prune(today - 90 * day, 9)),
  )
  // What each of them left to another one is done the next time.
  await stores[0]?.events.prune(today - 90 * day, 9)
  for (const store of stores) await store.close()
  const days = [0, 1, 2, 3].map((number) => nameOf(today + number * day))
  assert.deepEqual(await partitions(database), [...days, 'events_default'])
})

test('a store that was not used for long stores events, and parts them from the next day on', {
  skip,
}, async () => {
  const database = await createDatabase()
  const store = await openStore(database)
  const days = [0, 1, 2, 3].map((number) => nameOf(today + number * day))
  await database.run(`drop table ${days}`)
  const [event] = await append(store, [now])
  assert.equal(await store.events.prune(1, 9), 0)
  assert.deepEqual(await partitions(database), [...days.slice(1), 'events_default'])
  assert.deepEqual(await store.events.list({ limit: 9 }), [event])
  await store.close()
})

test('a partition that cannot be dropped is told of when all else is done', {
  skip,
}, async () => {
  const database = await createDatabase()
  const store = await openStore(database)
  const [kept, old] = [today - 101 * day, today - 100 * day]
  for (const begin of [kept, old]) await database.run(makePartition(begin))
  await database.run(`create view report as select * from ${nameOf(kept)};
    drop table ${nameOf(today + day)}`)
  await append(store, [1, 2, 3, kept, old])
  assert.equal(await store.events.prune(today, 2), 2)
  await assert.rejects(store.events.prune(today, 2), { code: '2BP01' })
  const days = [kept, today, today + day, today + 2 * day, today + 3 * day].map(nameOf)
  assert.deepEqual(await partitions(database), [...days, 'events_default'])
  assert.deepEqual(await places(database), { [nameOf(kept)]: 1 })
  await store.close()
})

test('pruning ends when somebody reads the events, and does not wait for each partition', {
  skip,
}, async () => {
  const database = await createDatabase()
  const store = await openStore(database)
  await database.run(makePartition(today - 100 * day))
  await append(store, [1, 2, 3])
  await database.run('begin; lock table events in access share mode')
  await assert.rejects(store.events.prune(today, 2), UnavailableError)
  await database.run('rollback')
  assert.equal(await store.events.prune(today, 4), 3)
  await store.close()
})

test('partitions are dropped although one cannot be made', {
  skip,
}, async () => {
  const database = await createDatabase()
  const store = await openStore(database)
  await database.run(makePartition(today - 100 * day))
  await database.run(`drop table ${nameOf(today + day)}; create table ${nameOf(today + day)} ()`)
  await assert.rejects(store.events.prune(today, 9), { code: '42P07' })
  await database.run(`drop table ${nameOf(today + day)}`)
  const days = [0, 2, 3].map((number) => nameOf(today + number * day))
  assert.deepEqual(await partitions(database), [...days, 'events_default'])
  await store.close()
})

test('a partition that was moved elsewhere is dropped, and pruning ends', { skip }, async () => {
  const database = await createDatabase()
  const store = await openStore(database)
  const old = today - 100 * day
  await database.run(makePartition(old))
  await append(
    store,
    Array.from({ length: 150 }, (_, number) => old + number),
  )
  await database.run(
    `analyze events; create schema attic; alter table ${nameOf(old)} set schema attic`,
  )
  assert.equal(await pruneInBatches((limit) => store.events.prune(today, limit)), 150)
  assert.deepEqual(await places(database), {})
  await store.close()
})

test('no partition can be emptied past its triggers', { skip }, async () => {
  const database = await createDatabase()
  const store = await openStore(database)
  await append(store, [now])
  await store.close()
  for (const name of [nameOf(today), 'events_default']) {
    await assert.rejects(database.run(`truncate ${name}`), /events of the last 7 days/)
  }
  const refused: readonly [string, RegExp][] = [
    [`delete from ${nameOf(today)}`, /events of the last 7 days/],
    [`update ${nameOf(today)} set actor = 'nobody'`, /events are only appended/],
  ]
  for (const [statement, error] of refused) await assert.rejects(database.run(statement), error)
})

test('a table of before becomes one partition with its events, and shrinks with time', {
  skip,
}, async () => {
  const database = await createDatabase()
  await makeOlder(database.address, '0021_event_partitions')
  const instants = [1, today - 100 * day, now, today + 1000 * day]
  for (const at of instants) {
    await database.run(`insert into events (at, id, type) values (${at}, '${at}', 'sys_startup')`)
  }
  const store = await openStore(database)
  const days = [2, 3].map((number) => nameOf(today + number * day))
  assert.deepEqual(await partitions(database), [...days, 'events_before', 'events_default'])
  assert.deepEqual(await places(database), { events_before: 3, events_default: 1 })
  const [event] = await append(store, [now])
  await assert.rejects(store.events.append(event as AuthEvent), /unique constraint/)
  assert.equal((await store.events.list({ limit: 9 })).length, 5)
  assert.equal(await store.events.prune(today - 90 * day, 1), 1)
  assert.equal(await store.events.prune(today - 90 * day, 9), 1)
  assert.deepEqual(await places(database), { events_before: 2, events_default: 1 })
  await store.close()
  await assert.rejects(database.run('truncate events_before'), /events of the last 7 days/)
  const changed = "update events set actor = 'nobody'"
  await assert.rejects(database.run(changed), /events are only appended/)
})
