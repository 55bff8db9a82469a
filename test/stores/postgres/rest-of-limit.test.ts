// What is left of a request's limit: it bounds the next statement, and is no evidence against a connection.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { inRequest } from '../../../src/core/database-time.ts'
import { UnavailableError } from '../../../src/core/errors.ts'
import type { Store } from '../../../src/core/store.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

describe('what is left of the limit of a request', { skip, timeout: 60_000 }, () => {
  let operator: pg.Client
  let store: Store

  before(async () => {
    const url = (await server?.createDatabase('rest')) ?? ''
    store = postgres(url, { maxConnections: 2 })
    await store.open()
    operator = new pg.Client({ connectionString: url, application_name: 'operator' })
    await operator.connect()
  })
  after(async () => {
    await operator.end()
    await store.close()
  })

  /** Of the processes of the server that work for the store, the one that was asked last first. */
  async function pids(): Promise<readonly number[]> {
    const { rows } = await operator.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'portcullis' order by query_start desc`,
    )
    return rows.map(({ pid }) => pid)
  }

  const unavailable = (error: unknown): boolean => error instanceof UnavailableError

  test('is for its next statement; a connection that was too slow for it speaks for itself alone', async () => {
    await Promise.all([store.check(), store.check()])
    const request = {}
    await inRequest(request, () => store.check())
    // The pool gives out the one that was used last. Its process stands still, since a server that goes on
    // ends the statement itself, which it may do before the limit does.
    const [slow = 0, other = 0, ...more] = await pids()
    assert.ok(slow && other && more.length === 0)
    process.kill(slow, 'SIGSTOP')
    try {
      await assert.rejects(
        inRequest(request, () => store.users.findById('nobody')),
        unavailable,
      )
    } finally {
      process.kill(slow, 'SIGCONT')
    }
    // Nothing is asked any more, though the database would answer this.
    await assert.rejects(
      inRequest(request, () => store.check()),
      unavailable,
    )
    do await store.check()
    while ((await pids()).includes(slow))
    // Beside the one that asked what became of the slow one, and may not have ended.
    assert.ok((await pids()).includes(other))
    await inRequest({}, () => store.check())
  })
})
