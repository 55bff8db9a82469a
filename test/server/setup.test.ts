import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { UnavailableError } from '../../src/core/errors.ts'
import { buildApp } from '../../src/server/app.ts'
import { createSetup, createSetupGrant, type Setup } from '../../src/server/setup.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import {
  authenticate,
  createTestAuth,
  createTestClock,
  goodPassword,
  type TestClock,
} from '../fixtures.ts'
import { createTestLog } from './fixtures.ts'

let clock: TestClock
let auth: Auth
let setup: Setup
let app: FastifyInstance

beforeEach(async () => {
  clock = createTestClock()
  auth = await createTestAuth({ clock })
  setup = createSetup(clock)
  app = await buildApp({ auth, setup })
})

afterEach(() => app.close())

const send = (fields: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url: '/setup',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({
      code: setup.code,
      username: 'alice',
      password: goodPassword,
      repeated: goodPassword,
      ...fields,
    }).toString(),
  })

const countUsers = async () => (await auth.users.counts()).total

test('the page is a form that holds no code, and runs nothing but its own', async () => {
  const answer = await app.inject('/setup')
  assert.equal(answer.statusCode, 200)
  assert.match(String(answer.headers['content-type']), /^text\/html/)
  assert.match(
    String(answer.headers['content-security-policy']),
    /default-src 'none'; script-src 'sha256-/,
  )
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.match(answer.body, /At least 15 characters/)
  assert.doesNotMatch(answer.body, new RegExp(setup.code))
})

test('the log says who is the first administrator, and nothing of the code', async () => {
  await app.close()
  const log = createTestLog('info')
  app = await buildApp({ auth, setup, logger: log.options })
  assert.equal((await send()).statusCode, 201)
  const alice = await auth.users.findByUsername('alice')
  const said = log.lines.filter((line) => line.includes('first administrator'))
  assert.deepEqual(
    said.map((line) => JSON.parse(line).user),
    [alice?.id],
  )
  assert.ok(log.lines.every((line) => !line.includes(setup.code)))
})

test('the code creates the first administrator, and is used up', async () => {
  assert.equal((await send()).statusCode, 201)
  const alice = await auth.users.findByUsername('alice')
  assert.equal(alice?.role, 'admin')
  assert.ok(await authenticate(auth, 'alice', goodPassword))
  assert.equal(setup.state(), 'used')
  const [event] = await auth.events.list({ limit: 1, actor: 'setup' })
  assert.equal(event?.address, '127.0.0.1')
  assert.ok(event?.requestId)
  assert.equal((await send({ username: 'mallory' })).statusCode, 410)
  // Before the code is looked at: it says nothing of a link that works no more.
  assert.equal((await send({ code: 'x' })).statusCode, 410)
  assert.equal((await app.inject('/setup')).statusCode, 410)
  assert.equal(await countUsers(), 1)
})

test('nothing is created without the code (SC-02)', async () => {
  for (const code of ['', 'x', setup.code.slice(1), setup.code.toLowerCase()]) {
    assert.equal((await send({ code })).statusCode, 403)
  }
  assert.equal(await countUsers(), 0)
})

test('a weak password is answered with every reason, and the code can be used again', async () => {
  const answer = await send({ password: 'alice', repeated: 'alice' })
  assert.equal(answer.statusCode, 422)
  assert.match(answer.body, /at least 15 characters.*must not be the username/s)
  assert.match(answer.body, /value="alice"/)
  assert.doesNotMatch(answer.body, /type="password"[^>]*value=/)
  assert.equal((await send({ repeated: 'another' })).statusCode, 422)
  assert.equal(await countUsers(), 0)
  assert.equal((await send()).statusCode, 201)
})

test('while the database is away the page says so, and keeps what was typed but the passwords', async () => {
  await app.close()
  const store = memory()
  let isDown = false
  const orDown =
    <Arguments extends readonly unknown[], T>(ask: (...given: Arguments) => Promise<T>) =>
    async (...given: Arguments): Promise<T> => {
      if (isDown) throw new UnavailableError('The database does not answer', 7)
      return await ask(...given)
    }
  const { counts, createFirst } = store.users
  const users = { ...store.users, counts: orDown(counts), createFirst: orDown(createFirst) }
  auth = await createTestAuth({ clock, store: { ...store, users } })
  app = await buildApp({ auth, setup })
  isDown = true
  for (const answer of [await app.inject('/setup'), await send()]) {
    assert.equal(answer.statusCode, 503)
    assert.match(String(answer.headers['content-type']), /^text\/html/)
    assert.equal(answer.headers['retry-after'], '7')
    assert.match(answer.body, /Try again in/)
  }
  const sent = await send()
  assert.match(sent.body, /name="username"[^>]* value="alice"/)
  assert.match(sent.body, new RegExp(`name="code"[^>]* value="${setup.code}"`))
  assert.doesNotMatch(sent.body, new RegExp(goodPassword))
  isDown = false
  assert.equal((await send()).statusCode, 201)
})

test('the code expires after 30 minutes', async () => {
  clock.advance(30 * 60)
  assert.equal((await send()).statusCode, 410)
  assert.equal((await send({ code: 'x' })).statusCode, 410)
  assert.match((await app.inject('/setup')).body, /expired/)
  assert.equal(await countUsers(), 0)
  await auth.users.create({ username: 'bob', password: goodPassword, role: 'admin' })
  assert.match((await app.inject('/setup')).body, /expired/, 'nobody has used it since')
})

test('the page is for people, and in no description of the API', async () => {
  const { paths } = (await app.inject('/openapi.json')).json()
  assert.ok(paths['/me'])
  assert.equal(paths['/setup'], undefined)
})

test('one code works in several processes that share a database, once (DD-14)', async () => {
  const grant = createSetupGrant(clock)
  await app.close()
  setup = createSetup(clock, grant)
  app = await buildApp({ auth, setup })
  const other = await buildApp({ auth, setup: createSetup(clock, grant) })
  assert.equal(setup.code, grant.code)
  assert.equal((await other.inject('/setup')).statusCode, 200)
  assert.equal((await send()).statusCode, 201)
  assert.equal((await other.inject('/setup')).statusCode, 410, 'gone where it was not used, too')
  await other.close()
})

test('a code that was handed on expires when the first one does', async () => {
  const grant = createSetupGrant(clock)
  clock.advance(29 * 60)
  const handedOn = createSetup(clock, grant)
  assert.equal(handedOn.state(), 'open')
  clock.advance(60)
  assert.equal(handedOn.state(), 'expired')
  assert.equal(handedOn.admits(grant.code), false)
})

test('two uses at once make one administrator (DD-14, CVE-2026-4325, keycloak 51220, better-auth 8067)', async () => {
  const answers = await Promise.all([send(), send({ username: 'bob' })])
  assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [201, 410])
  assert.equal(await countUsers(), 1)
})

test('a user who was created otherwise meanwhile ends the set-up', async () => {
  await auth.users.create({ username: 'bob', password: goodPassword, role: 'admin' })
  assert.equal((await send()).statusCode, 410)
  assert.equal(await countUsers(), 1)
})

test('what was typed is shown as text, never as HTML', async () => {
  const answer = await send({
    username: '"><script>alert(1)</script>',
    password: 'x',
    repeated: 'x',
  })
  assert.equal(answer.statusCode, 422)
  assert.doesNotMatch(answer.body, /<script>alert/)
  const wrongCode = await send({ code: '"><img src=x>' })
  assert.doesNotMatch(wrongCode.body, /<img/)
})

test('a form that cannot be read is refused', async () => {
  const answer = await app.inject({ method: 'POST', url: '/setup', payload: { code: setup.code } })
  assert.equal(answer.statusCode, 400)
  assert.equal(await countUsers(), 0)
})

test('a server that is set up has no such page', async () => {
  const other = await buildApp({ auth })
  assert.equal((await other.inject('/setup')).statusCode, 404)
  await other.close()
})
