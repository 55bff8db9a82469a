// The end-to-end tests again, on a real PostgreSQL.

import { randomBytes } from 'node:crypto'
import { after, before, describe } from 'node:test'
import pg from 'pg'
import type { Store } from '../../src/core/store.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { useStores } from '../fixtures.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()

describe('on PostgreSQL', { skip }, () => {
  const key = randomBytes(32)
  let store: Store
  let operator: pg.Client
  let tables: readonly string[]

  before(async () => {
    const url = (await server?.createDatabase('application')) ?? ''
    store = postgres(url)
    await store.open()
    operator = new pg.Client({ connectionString: url })
    await operator.connect()
    tables = await emptyTables(operator)
    // Events can only be added to; a table for each test is more than its triggers allow.
    for (const { part } of await eventParts(operator)) {
      await operator.query(`alter table ${part} disable trigger user`)
    }
    useStores(emptied)
  })
  after(async () => {
    await operator.end()
    await store.close()
    await server?.remove()
  })

  /** One store for all tests, as if it were a new one. */
  async function emptied(): Promise<Store> {
    await operator.query(`truncate ${tables.join(', ')}`)
    return {
      ...store,
      open: async () => {},
      close: async () => {},
      keyEncryptionKey: async () => key,
    }
  }

  for (const suite of ['app', 'sessions', 'setup']) {
    describe(suite, async () => {
      await import(`./${suite}.test.ts`)
    })
  }
})

/** The table of events, and that of each day. */
async function eventParts(operator: pg.Client): Promise<readonly { readonly part: string }[]> {
  const { rows } = await operator.query<{ part: string }>(
    "select relid::text as part from pg_partition_tree('events')",
  )
  return rows
}

/** Those that a new database has no rows in. */
async function emptyTables(operator: pg.Client): Promise<readonly string[]> {
  const { rows } = await operator.query<{ name: string }>(
    "select quote_ident(tablename) as name from pg_tables where schemaname = 'public'",
  )
  const empty: string[] = []
  for (const { name } of rows) {
    const { rowCount } = await operator.query(`select from ${name} limit 1`)
    if (rowCount === 0) empty.push(name)
  }
  return empty
}
