// Whatever happens to the network between the server and its database: 503, soon, and then itself again.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import pg from 'pg'
import type { Auth } from '../../src/core/auth.ts'
import { systemClock } from '../../src/core/clock.ts'
import { internals } from '../../src/core/internals.ts'
import { buildApp } from '../../src/server/app.ts'
import { createSetup } from '../../src/server/setup.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'
import { type ProxyMode, startProxy, type TcpProxy } from '../stores/tcp-proxy.ts'
import { assertProblem, login, sendForm } from './fixtures.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const eve = { username: 'eve', password: goodPassword, repeated: goodPassword }
/** A guard against an answer that never comes, far above the limit that is promised. */
const timeout = 300_000

describe('with the database lost', { skip, timeout }, () => {
  let direct: string
  let proxy: TcpProxy
  let auth: Auth
  let app: FastifyInstance
  let token: string
  let refreshToken: string
  const setup = createSetup(systemClock)

  before(async () => {
    assert.ok(server)
    direct = await server.createDatabase('lost')
    const url = new URL(direct)
    proxy = await startProxy(server.port)
    url.port = String(proxy.port)
    const store = postgres(url.href, { maxConnections: 4, connectionTimeout: 1 })
    auth = await createTestAuth({ store, secretKey: 'b7e1f0a2c3d4958677869504a3b2c1d0' })
    app = await buildApp({ auth, setup })
    await auth.users.create({ username: 'ann', password: goodPassword, role: 'admin' })
    const tokens = (await login(app, 'ann')).json()
    token = tokens.access_token
    refreshToken = tokens.refresh_token
  })

  after(async () => {
    await app.close()
    await auth.close()
    await proxy.close()
  })

  const ask = (url: string): Promise<LightMyRequestResponse> =>
    app.inject({ url, headers: { authorization: `Bearer ${token}` } })
  /** A request that reads the database, whatever is known already. */
  const me = (): Promise<LightMyRequestResponse> => ask('/me/sessions')

  /** Until the pool has noticed that the network is back. */
  async function recovered(): Promise<void> {
    await proxy.switchTo('pass')
    while ((await me()).statusCode !== 200) await turn()
  }

  /** A request to every route that needs the database, as the documentation lists them. */
  function everyRequest(): readonly InjectOptions[] {
    const { paths = {} } = app.swagger() as { paths?: Record<string, Record<string, unknown>> }
    const guarded = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, operation]) => (operation as { security?: unknown[] }).security?.length)
        .map(([method]) => ({
          method: method.toUpperCase() as 'GET',
          url: path.replace(/\{\w+\}/g, '0197f0a2-c3d4-7586-8778-69504a3b2c1d'),
          headers: { authorization: `Bearer ${token}` },
        })),
    )
    assert.ok(guarded.length >= 15, `${guarded.length} guarded routes`)
    const post = (url: string, fields: Record<string, string>): InjectOptions => ({
      method: 'POST',
      url,
      headers: form,
      payload: new URLSearchParams(fields).toString(),
    })
    return [
      ...guarded,
      post('/auth/token', { username: 'ann', password: goodPassword }),
      post('/auth/token', { username: 'ann', password: 'wrong' }),
      post('/auth/token', { username: 'nobody', password: 'wrong' }),
      post('/auth/token', { grant_type: 'refresh_token', refresh_token: refreshToken }),
      post('/auth/revoke', { token: refreshToken }),
      post('/auth/revoke', { token }),
      post('/setup', { ...eve, code: setup.code }),
      { method: 'GET', url: '/health/ready' },
    ]
  }

  for (const mode of ['refuse', 'reset', 'swallow'] satisfies ProxyMode[]) {
    test(`every route that needs it is 503 with Retry-After when the network does ${mode} (DD-05, TH-12)`, async () => {
      await recovered()
      await proxy.switchTo(mode)
      // What is known of users is trusted for a moment longer.
      while ((await ask('/me')).statusCode === 200) await turn()
      const requests = everyRequest()
      const answers = await Promise.all(requests.map((request) => app.inject(request)))
      for (const [index, answer] of answers.entries()) {
        const { method, url } = requests[index] ?? {}
        assert.equal(answer.statusCode, 503, `${method} ${url}: ${answer.body}`)
        assert.match(String(answer.headers['retry-after']), /^\d+$/, `${method} ${url}`)
        assert.doesNotMatch(answer.body, /access_token/)
      }
      assert.equal((await app.inject('/health/live')).statusCode, 200)

      await recovered()
      assert.equal((await app.inject('/health/ready')).statusCode, 200)
      assert.deepEqual(
        (await auth[internals].store.users.list({ limit: 10 })).map(({ username }) => username),
        ['ann'],
        'nobody was created',
      )
    })
  }

  test('requests that were swallowed leave no connection behind', async () => {
    await recovered()
    await proxy.switchTo('swallow')
    const lost = await Promise.all(Array.from({ length: 50 }, me))
    for (const answer of lost) assertProblem(answer, 503)
    await recovered()
    for (let round = 0; round < 3; round++) {
      const served = await Promise.all(Array.from({ length: 50 }, me))
      assert.deepEqual([...new Set(served.map(({ statusCode }) => statusCode))], [200])
    }
  })

  test('one connection that is lost is enough to give up the others', async () => {
    await recovered()
    await Promise.all(Array.from({ length: 50 }, me))
    // Those that are there stay silent, a new one is passed on.
    await proxy.switchTo('swallow')
    await proxy.switchTo('pass')
    assertProblem(await me(), 503)
    for (let request = 0; request < 5; request++) assert.equal((await me()).statusCode, 200)
  })

  test('while all connections are taken requests wait no longer than they may, and what needs none is answered (DR-06)', async () => {
    await recovered()
    const operator = new pg.Client({ connectionString: direct })
    await operator.connect()
    await operator.query('begin; lock table users, sessions in access exclusive mode')
    const logins = Promise.all(Array.from({ length: 30 }, () => login(app, 'ann')))
    const metadata = await app.inject('/.well-known/oauth-authorization-server')
    assert.equal(metadata.statusCode, 200)
    assert.equal((await app.inject('/health/live')).statusCode, 200)
    for (const answer of await logins) {
      assertNothingGranted(answer)
      assert.match(String(answer.headers['retry-after']), /^\d+$/)
    }
    await operator.query('rollback')
    await operator.end()
    await recovered()
    assert.equal((await login(app, 'ann')).statusCode, 200)
  })

  test('what was refused is not done, and what was done stays done', async () => {
    await recovered()
    const [kept, ended] = [(await login(app, 'ann')).json(), (await login(app, 'ann')).json()]
    assert.equal(
      (await sendForm(app, '/auth/revoke', { token: ended.refresh_token })).statusCode,
      200,
    )
    const refresh = (refresh_token: string) =>
      sendForm(app, '/auth/token', { grant_type: 'refresh_token', refresh_token })
    await proxy.switchTo('swallow')
    assertNothingGranted(await refresh(kept.refresh_token))
    await recovered()
    const next = await refresh(kept.refresh_token)
    assert.equal(next.statusCode, 200, 'the refresh token is good still')
    assert.equal((await refresh(ended.refresh_token)).statusCode, 400)
    const headers = { authorization: `Bearer ${ended.access_token}` }
    assert.equal((await app.inject({ url: '/me', headers })).statusCode, 401)
  })
})

function assertNothingGranted(answer: LightMyRequestResponse): void {
  assert.equal(answer.statusCode, 503)
  assert.equal(answer.json().access_token, undefined)
}
