import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import type { User } from '../../src/core/users/user.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, createTestClock, goodPassword, type TestClock } from '../fixtures.ts'
import { assertProblem, createTestLog, login, otherPassword } from './fixtures.ts'

let clock: TestClock
let auth: Auth
let app: FastifyInstance
let alice: User
const { options: logger, lines } = createTestLog()

beforeEach(async () => {
  lines.length = 0
  clock = createTestClock()
  auth = await createTestAuth({ clock })
  app = await buildApp({ auth, logger })
  alice = await auth.users.create({ username: 'alice', password: goodPassword, role: 'admin' })
})

afterEach(() => app.close())

/** Logs in until it has to wait. */
async function exhaust(username: string) {
  for (let tries = 0; tries < 6; tries++) {
    assert.equal((await login(app, username, { password: 'wrong' })).statusCode, 401)
  }
  return await login(app, username, { password: 'wrong' })
}

async function call(method: 'PUT' | 'POST', url: string, payload?: object) {
  const authorization = `Bearer ${await createAccessToken(auth, alice.id)}`
  return await app.inject({ method, url, headers: { authorization }, ...(payload && { payload }) })
}

test('too many failed logins are 429, alike for names that exist and names that do not (TH-03)', async () => {
  const answer = await exhaust('alice')
  assert.equal(answer.statusCode, 429)
  assert.equal(answer.headers['retry-after'], '1')
  assert.equal(answer.headers['cache-control'], 'no-store')
  const description = 'Too many failed attempts, try again later'
  assert.deepEqual(answer.json(), {
    error: 'temporarily_unavailable',
    error_description: description,
    detail: description,
  })
  const unknown = await exhaust('nobody')
  assert.equal(unknown.statusCode, 429)
  assert.equal(unknown.body, answer.body)
  const { date: _, ...headers } = answer.headers
  const { date: __, ...others } = unknown.headers
  assert.deepEqual(others, headers)
  const right = await login(app, 'alice')
  assert.equal(right.statusCode, 429, 'the right password is not looked at')
  clock.advance(1)
  assert.equal((await login(app, 'alice')).statusCode, 200)
})

test('too many wrong old passwords are a 429 problem (TH-08)', async () => {
  const change = { old_password: 'wrong', new_password: otherPassword }
  for (let tries = 0; tries < 6; tries++) {
    assertProblem(await call('PUT', '/me/password', change), 400)
  }
  const answer = await call('PUT', '/me/password', change)
  assertProblem(answer, 429, 'Too many failed attempts, try again later')
  assert.equal(answer.headers['retry-after'], '1')
})

test('an administrator unlocks a user', async () => {
  await auth.users.create({ username: 'bob', password: goodPassword })
  await exhaust('bob')
  const { id } = (await auth.users.findByUsername('bob')) ?? { id: '' }
  const answer = await call('POST', `/admin/users/${id}/unlock`)
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.json().username, 'bob')
  assert.equal((await login(app, 'bob')).statusCode, 200)
  assertProblem(await call('POST', '/admin/users/nobody/unlock'), 404)
})
