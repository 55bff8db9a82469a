// Browsers that are logged in, beside all other logins of a user.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { BrowserSession } from '../../src/core/authorization/authorization.ts'
import { internals } from '../../src/core/internals.ts'
import { buildApp } from '../../src/server/app.ts'
import { goodPassword } from '../fixtures.ts'
import { createRelyingParty, type RelyingParty } from '../http/authorization/relying-party.ts'

let party: RelyingParty
let app: FastifyInstance
let browser: BrowserSession

interface Listed {
  readonly id: string
  readonly kind?: string
  readonly client_id?: string
  readonly current?: boolean
}

beforeEach(async () => {
  party = await createRelyingParty()
  app = await buildApp({ auth: party.auth })
  await party.auth.users.create({ username: 'boss', password: goodPassword, role: 'admin' })
  browser = await party.browser()
})
afterEach(() => app.close())

async function call(token: string, url: string, method: 'GET' | 'DELETE' = 'GET') {
  return await app.inject({ method, url, headers: { authorization: `Bearer ${token}` } })
}

async function listed(token: string, url = '/me/sessions'): Promise<readonly Listed[]> {
  const answer = await call(token, url)
  assert.equal(answer.statusCode, 200)
  return answer.json().sessions
}

const kinds = (sessions: readonly Listed[]) =>
  sessions.map(({ id, kind }) => [id === browser.session.id, kind])

async function administrator(): Promise<string> {
  const { access_token } = await party.tokens({
    browser: await party.browser('boss'),
    scopes: ['*'],
  })
  return access_token
}

test('a user and an administrator see the sessions of browsers, and which they are (OP-80)', async () => {
  const { access_token: token } = await party.tokens({ browser })
  const seen = await listed(token)
  assert.deepEqual(kinds(seen), [
    [false, undefined],
    [true, 'browser'],
  ])
  assert.deepEqual(
    seen.map(({ current, client_id }) => [current, client_id]),
    [
      [true, 'spa'],
      [false, undefined],
    ],
  )
  const theirs = await listed(await administrator(), `/admin/users/${browser.user.id}/sessions`)
  assert.deepEqual(kinds(theirs), kinds(seen))
})

test('the session of a browser ends like any other, with what it opened (OP-80)', async () => {
  const { access_token: token } = await party.tokens({ browser })
  const mine = await call(token, `/me/sessions/${browser.session.id}`, 'DELETE')
  assert.equal(mine.statusCode, 204)
  assert.equal((await call(token, '/me')).statusCode, 401)

  const another = await party.browser()
  const { access_token: second } = await party.tokens({ browser: another })
  const path = `/admin/users/${another.user.id}/sessions/${another.session.id}`
  assert.equal((await call(await administrator(), path, 'DELETE')).statusCode, 204)
  assert.equal((await call(second, '/me')).statusCode, 401)
})

test('a client that revokes its token leaves the browser logged in (OP-80)', async () => {
  const { access_token: token, refresh_token = '' } = await party.tokens({ browser })
  const form = { token: refresh_token, client_id: 'spa' }
  assert.equal((await party.send('POST', '/auth/revoke', { form })).status, 200)
  assert.equal((await call(token, '/me')).statusCode, 401)
  const next = await party.tokens({ browser })
  assert.equal((await call(next.access_token, '/me')).statusCode, 200)
})

test('1000 silent sign-ins of one client add one row, and push out no device (OP-80)', async () => {
  const device = await party.auth.sessions.open(browser.user, { clientId: 'spa', scopes: [] })
  const before = (await party.auth.sessions.list(browser.user.id)).length
  for (let signIn = 0; signIn < 1000; signIn++) {
    party.clock.advance(1)
    await party.tokens({ browser, client: 'quiet' })
  }
  assert.equal((await party.auth.sessions.list(browser.user.id)).length, before + 1)
  assert.ok(await party.auth.sessions.find(device?.refreshToken ?? ''))
})

test('many sign-ins of a client with refresh tokens keep five, and push out no device (OP-80)', async () => {
  const device = await party.auth.sessions.open(browser.user, { clientId: 'spa', scopes: [] })
  const { sessions } = party.auth[internals].store
  for (let signIn = 0; signIn < 150; signIn++) {
    party.clock.advance(1)
    await party.tokens({ browser })
  }
  const { id } = browser.session
  assert.equal((await sessions.listChildren(id, 'spa', party.clock())).length, 5)
  assert.ok(await party.auth.sessions.find(device?.refreshToken ?? ''))
  assert.equal((await sessions.find(id))?.revokedAt, null)
})
