// How many statements a login and a refresh are, and which of them wait for the disk.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import type { Auth } from '../../../src/core/auth.ts'
import { internals } from '../../../src/core/internals.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { authenticate, createTestAuth } from '../../fixtures.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const password = 'three green tractors sing'
const session = { clientId: 'client', scopes: [] }
const ran: string[] = []
const { query } = pg.Client.prototype
const { server, skip } = await startPostgresOrSkip()
after(async () => await server?.remove())

/** The statements of something. The cache asks others beside them, which name no table of ours. */
async function statementsOf(what: () => Promise<unknown>): Promise<readonly string[]> {
  ran.length = 0
  await what()
  return ran.filter((text) => /"(users|sessions|throttle|events|signing_key_set)"/.test(text))
}

describe('on PostgreSQL', { skip }, () => {
  let auth: Auth
  before(async () => {
    const store = postgres((await server?.createDatabase('statements')) ?? '')
    const secretKey = 'b7e1f0a2c3d4958677869504a3b2c1d0'
    auth = await createTestAuth({ store, secretKey })
    await auth.users.create({ username: 'alice', password })
    pg.Client.prototype.query = function (this: pg.Client, ...parameters: unknown[]) {
      const [asked] = parameters
      ran.push(typeof asked === 'string' ? asked : String((asked as pg.QueryConfig).text))
      return Reflect.apply(query, this, parameters)
    } as typeof query
  })
  after(async () => {
    pg.Client.prototype.query = query
    await auth.close()
  })

  async function logIn() {
    const user = await authenticate(auth, 'alice', password)
    assert.ok(user)
    const opened = await auth.sessions.open(user, session)
    assert.ok(opened)
    return opened
  }

  test('a login from an address that the user has logged in from is five statements', async () => {
    await logIn()
    const statements = await statementsOf(logIn)
    assert.equal(statements.length, 5, statements.join('\n'))
    // What it waits for the disk with is the session and its event.
    const waiting = statements.filter(
      (text) => /insert|update|delete/.test(text) && !text.includes('synchronous_commit'),
    )
    assert.equal(waiting.length, 1)
    assert.match(waiting[0] ?? '', /insert into "sessions".*insert into "events"/s)
  })

  test('a wrong password waits for no disk', async () => {
    for (const address of ['192.0.2.1', '192.0.2.2']) {
      const statements = await statementsOf(() => authenticate(auth, 'alice', 'wrong', address))
      assert.ok(statements.length <= 4, statements.join('\n'))
      for (const text of statements) {
        assert.ok(!/insert|update|delete/.test(text) || text.includes('synchronous_commit'), text)
      }
    }
  })

  test('a guarded request whose user is not in memory is one statement', async () => {
    const { session: opened } = await logIn()
    const { store } = auth[internals]
    const asked = await statementsOf(async () =>
      assert.ok(await store.findSubject(opened.userId, opened.id)),
    )
    assert.equal(asked.length, 1, asked.join('\n'))
  })

  test('a refresh is one statement', async () => {
    const { refreshToken } = await logIn()
    const refresh = await statementsOf(() => auth.sessions.refresh(refreshToken, 'client'))
    assert.equal(refresh.length, 1, refresh.join('\n'))
  })
})
