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

  async function pids(): Promise<readonly number[]> {
    const { rows } = await operator.query<{ pid: number }>(
      "select pid from pg_stat_activity where application_name = 'portcullis'",
    )
    return rows.map(({ pid }) => pid)
  }

  const unavailable = (error: unknown): boolean => error instanceof UnavailableError

  test('is for its next statement; a connection that was too slow for it speaks for itself alone', async () => {
    await Promise.all([store.check(), store.check()])
    const before = await pids()
    assert.equal(before.length, 2)
    await operator.query('begin; lock table users in access exclusive mode')
    const request = {}
    await inRequest(request, () => store.check())
    await assert.rejects(
      inRequest(request, () => store.users.findById('nobody')),
      unavailable,
    )
    // Nothing is asked any more, though the database would answer this.
    await assert.rejects(
      inRequest(request, () => store.check()),
      unavailable,
    )
    await operator.query('rollback')
    await Promise.all([store.check(), store.check()])
    const left = (await pids()).filter((pid) => before.includes(pid))
    assert.equal(left.length, 1)
    await inRequest({}, () => store.check())
  })
})
