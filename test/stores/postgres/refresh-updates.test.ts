// What a refresh costs PostgreSQL: a new version of one row, and no index.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { SessionRecord } from '../../../src/core/sessions/session-store.ts'
import { addUser, aSession } from '../../../src/stores/contract/records.ts'
import { postgresDatabase } from '../bare-database.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()
after(async () => await server?.remove())

test('of the updates of a run of refreshes 90 % or more change no index', { skip }, async () => {
  const database = postgresDatabase((await server?.createDatabase('refreshes')) ?? '')
  const store = database.store()
  await store.open()
  const user = await addUser(store)
  const sessions: SessionRecord[] = []
  for (let opened = 0; opened < 100; opened++) {
    const session = aSession(user)
    await store.sessions.create(session)
    sessions.push(session)
  }
  const rounds = 20
  for (let generation = 0; generation < rounds; generation++) {
    for (const { id, clientId, rotatedAt } of sessions) {
      const now = rotatedAt + generation
      assert.ok(
        await store.sessions.rotate({ id, generation, clientId, now, idleSince: rotatedAt - 1 }),
      )
    }
  }
  // A connection that ends has told what it counted.
  await store.close()
  const [counted] = await database.run(
    `select n_tup_upd::int as updates, n_tup_hot_upd::int as hot from pg_stat_user_tables
      where relname = 'sessions'`,
  )
  const { updates, hot } = counted as { updates: number; hot: number }
  assert.equal(updates, rounds * sessions.length)
  assert.ok(hot >= 0.9 * updates, `${hot} of ${updates}`)
})

test('no index names a column that a refresh changes', { skip }, async () => {
  const database = postgresDatabase((await server?.createDatabase('indexes')) ?? '')
  const store = database.store()
  await store.open()
  await store.close()
  const indexes = await database.run(
    "select indexdef as definition from pg_indexes where tablename = 'sessions'",
  )
  assert.ok(indexes.length > 1)
  for (const { definition } of indexes) {
    assert.doesNotMatch(String(definition), /generation|retry_of|rotated_at/)
  }
})
