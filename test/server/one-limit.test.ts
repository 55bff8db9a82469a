// One limit for all that a request asks of the database: two waits, each of which is short enough, and not both.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import pg from 'pg'
import type { Auth } from '../../src/core/auth.ts'
import { buildApp } from '../../src/server/app.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'
import { login } from './fixtures.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

/** Seconds that a request may wait for the database. */
const limit = 1
/** Seconds that the table is held: once is less than the limit, twice is more. */
const hold = 0.8

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

describe('while the table of users is locked again and again', { skip, timeout: 120_000 }, () => {
  let auth: Auth
  let app: FastifyInstance
  let operators: readonly [pg.Client, pg.Client, pg.Client]

  before(async () => {
    const url = (await server?.createDatabase('limits')) ?? ''
    const store = postgres(url, { statementTimeout: limit, maxConnections: 4 })
    auth = await createTestAuth({ store, secretKey: 'b7e1f0a2c3d4958677869504a3b2c1d0' })
    app = await buildApp({ auth, prune: false })
    await auth.users.create({ username: 'ann', password: goodPassword })
    const operate = async () => {
      const client = new pg.Client({ connectionString: url, application_name: 'operator' })
      await client.connect()
      return client
    }
    operators = [await operate(), await operate(), await operate()]
  })
  after(async () => {
    for (const operator of operators) await operator.end()
    await app.close()
    await auth.close()
  })

  /** Until so many wait for a lock, or the request is answered. */
  async function waiting(count: number, isAnswered: () => boolean): Promise<void> {
    for (;;) {
      const { rows } = await operators[2].query<{ count: number }>(
        'select count(distinct pid)::int from pg_locks where not granted',
      )
      if (rows[0]?.count === count || isAnswered()) return
      await turn()
    }
  }

  /** Holds the table before a request reads it, and again, a moment later, before it reads it once more. */
  async function answerOf(request: InjectOptions): Promise<LightMyRequestResponse> {
    const [first, second] = operators
    await first.query('begin; lock table users in access exclusive mode')
    let isAnswered = false
    const answer = app.inject(request).finally(() => (isAnswered = true))
    await waiting(1, () => isAnswered)
    assert.equal(isAnswered, false, 'its first statement waits')
    const next = second.query(
      `begin; lock table users in access exclusive mode; select pg_sleep(${hold}); commit`,
    )
    await waiting(2, () => isAnswered)
    await first.query(`select pg_sleep(${hold}); commit`)
    await next
    return await answer
  }

  const form = (fields: Readonly<Record<string, string>>): Omit<InjectOptions, 'url'> => ({
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(fields).toString(),
  })
  const by = ({ access_token }: Tokens) => ({ authorization: `Bearer ${access_token}` })

  const requests: Readonly<Record<string, (tokens: Tokens) => InjectOptions>> = {
    'a login': () => ({
      ...form({ username: 'ann', password: goodPassword }),
      url: '/auth/token',
    }),
    'a refresh': ({ refresh_token }) => ({
      ...form({ grant_type: 'refresh_token', refresh_token }),
      url: '/auth/token',
    }),
    'a change of the own name': (tokens) => ({
      ...{ method: 'PATCH', url: '/me', headers: by(tokens), payload: { username: 'renamed' } },
    }),
    'a change of the password': (tokens) => ({
      ...{ method: 'PUT', url: '/me/password', headers: by(tokens) },
      payload: { old_password: goodPassword, new_password: 'nine brave lanterns whisper' },
    }),
    'the list of the own sessions': (tokens) => ({ url: '/me/sessions', headers: by(tokens) }),
    'the end of the own sessions': (tokens) => ({
      ...{ method: 'DELETE', url: '/me/sessions', headers: by(tokens) },
    }),
    'a new user': (tokens) => ({
      ...{ method: 'POST', url: '/admin/users', headers: by(tokens) },
      payload: { username: 'new', password: goodPassword, role: 'member' },
    }),
  }

  for (const [index, [name, make]] of Object.entries(requests).entries()) {
    test(`${name} is refused when it has waited for its limit, over all its statements (DD-05)`, async () => {
      for (const isHeld of [true, false]) {
        const username = `root${index}${isHeld ? 'held' : ''}`
        await auth.users.create({ username, password: goodPassword, role: 'admin' })
        const request = make((await login(app, username)).json())
        const answer = await (isHeld ? answerOf(request) : app.inject(request))
        // What waits for nothing is done: it was the wait.
        if (!isHeld) assert.ok(answer.statusCode < 300, answer.body)
        else {
          assert.equal(answer.statusCode, 503, answer.body)
          assert.match(String(answer.headers['retry-after']), /^\d+$/)
        }
      }
    })
  }
})
