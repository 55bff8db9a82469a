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

  async function pids(condition = 'true'): Promise<readonly number[]> {
    const { rows } = await operator.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'portcullis' and ${condition}`,
    )
    return rows.map(({ pid }) => pid)
  }

  /** `pg_locks` is of now, also within the transaction of the operator. */
  async function blocked(): Promise<readonly number[]> {
    const { rows } = await operator.query<{ pid: number }>(
      'select distinct pid from pg_locks where not granted',
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
    const late = inRequest(request, () => store.users.findById('nobody'))
    const isLate = assert.rejects(late, unavailable)
    let slow: number | undefined
    while (slow === undefined) [slow] = await blocked()
    await isLate
    // Nothing is asked any more, though the database would answer this.
    await assert.rejects(
      inRequest(request, () => store.check()),
      unavailable,
    )
    await operator.query('rollback')
    await Promise.all([store.check(), store.check()])
    while ((await pids()).includes(slow)) await store.check()
    await Promise.all([store.check(), store.check()])
    const [other] = before.filter((pid) => pid !== slow)
    assert.ok((await pids()).includes(other ?? 0))
    await inRequest({}, () => store.check())
  })
})
