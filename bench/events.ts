// Events on PostgreSQL: how long old ones take to delete, what reads of them cost, and what the update of an older
// table takes:
//
//   node bench/events.ts [--events 20000000] [--days 10] [--older 10000000]

import { parseArgs } from 'node:util'
import pg from 'pg'
import type { Store } from '../src/core/store.ts'
import { postgres } from '../src/stores/postgres/postgres.ts'
import { makeOlder } from '../test/stores/older-database.ts'
import { startPostgres } from '../test/stores/postgres-server.ts'
import { formatTable } from './quantiles.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '20000000' },
    days: { type: 'string', default: '10' },
    older: { type: 'string', default: '10000000' },
  },
})
const [events, days, older] = [values.events, values.days, values.older].map(Number) as [
  number,
  number,
  number,
]
const day = 86_400
const retention = 90 * day
const users = 1_000_000
const today = Math.floor(Date.now() / 1000 / day) * day
const rows: (string | number)[][] = [['', 'seconds']]
const server = await startPostgres({ flags: ['-c', 'fsync=on', '-c', 'max_wal_size=4GB'] })

async function timed<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  const answer = await work()
  const seconds = ((performance.now() - began) / 1000).toFixed(3)
  const row = typeof answer === 'number' ? `${name}: ${answer.toLocaleString('en')}` : name
  console.log(row, seconds)
  rows.push([row, seconds])
  return answer
}

/** Logins of the days from an instant on, as they are stored. */
const fill = (from: number, seconds: number, amount: number, table = 'events'): string => `
  insert into ${table} (at, id, type, actor, user_id, client_id, session_id, address, request_id)
  select ${from} + n * ${seconds} / ${amount}, gen_random_uuid(), 'authn_login_success', 'user:' || owner, owner,
    'first-party', gen_random_uuid(), '203.0.113.' || n % 250, 'req-' || n
  from (select n, md5((n * 7919 % ${users})::text)::uuid::text as owner from generate_series(0::bigint, ${amount - 1}) n) numbered`

/** A database as it was before the events were partitioned. */
async function olderDatabase(url: string): Promise<void> {
  await makeOlder(url, '0021_event_partitions')
  const client = new pg.Client(url)
  await client.connect()
  await client.query(fill(today - 89 * day, 89 * day, older))
  await client.query('vacuum analyze events')
  await client.query('checkpoint')
  await client.end()
}

async function opened(url: string): Promise<Store> {
  const store = postgres(url)
  await store.open()
  return store
}

if (older > 0) {
  const url = await server.createDatabase('older')
  await olderDatabase(url)
  const store = await timed(`update of a table of ${older.toLocaleString('en')} events`, () =>
    opened(url),
  )
  await store.close()
}

const url = await server.createDatabase('days')
const store = await opened(url)
const client = new pg.Client(url)
await client.connect()
// Half of the days are too old, and half are not.
const first = today - retention - (days / 2) * day
for (let number = 0; number < days; number++) {
  const from = first + number * day
  // Its indexes are made when it is full, which is faster.
  await client.query(`create table events_day${number} (like events)`)
  await client.query(fill(from, day, events / days, `events_day${number}`))
  await client.query(
    `alter table events attach partition events_day${number} for values from (${from}) to (${from + day})`,
  )
}
await client.query('vacuum analyze events')
await client.query('checkpoint')
const size = await client.query(
  "select sum(pg_total_relation_size(inhrelid))::bigint as bytes from pg_inherits where inhparent = 'events'::regclass",
)
const each = Number(size.rows[0].bytes) / events
rows.push([`bytes of an event with its indexes: ${each.toFixed(0)}`, ''])
const [some] = await store.events.list({ limit: 1 })
for (let again = 0; again < 2; again++) {
  await timed('the newest 100 events', async () => void (await store.events.list({ limit: 100 })))
  await timed('the events of a user', async () => {
    await store.events.list({ limit: 100, ...(some?.userId && { userId: some.userId }) })
  })
}
await timed('events dropped with their days', () => store.events.prune(today - retention, 100))

// What is deleted row by row, as on SQLite.
await client.query(fill(1000, day, 1_000_000))
await client.query('vacuum analyze events')
await timed('1,000 batches of 100 rows from the default partition', async () => {
  for (let batches = 0; batches < 1000; batches++) await store.events.prune(10 * day, 100)
})
console.log(`\n${events.toLocaleString('en')} events of ${days} days\n\n${formatTable(rows)}`)
await client.end()
await store.close()
await server.remove()
process.exit()
