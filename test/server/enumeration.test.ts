// What somebody learns who tries names. That it takes the same time is measured: bench/enumeration.ts.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as bcrypt from '@node-rs/bcrypt'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import { internals } from '../../src/core/internals.ts'
import { buildApp } from '../../src/server/app.ts'
import { createTestAuth, createTestClock, goodPassword } from '../fixtures.ts'

let auth: Auth
let app: FastifyInstance
let hashes = 0

before(async () => {
  auth = await createTestAuth({ clock: createTestClock() })
  auth[internals].passwords.pool.subscribe(() => void hashes++)
  app = await buildApp({ auth, trustedProxies: { addresses: ['127.0.0.1'], hops: 1 } })
  const { users } = auth
  await users.create({ username: 'wrong', password: goodPassword })
  await users.create({ username: 'throttled', password: goodPassword })
  const { id } = await users.create({ username: 'inactive', password: goodPassword })
  await users.deactivate(id)
  await users.create({
    username: 'imported',
    passwordHash: await bcrypt.hash('right', 4),
  })
  await auth[internals].login.learnTimes()
  hashes = 0
})
after(async () => {
  await app.close()
  await auth.close()
})

let hosts = 0

/** An attempt, from a source of its own unless told otherwise; all that the client sees of the answer, and its hashes. */
async function attempt(
  username: string,
  password = 'wrong',
  address = `10.0.${++hosts >> 8}.${hosts & 255}`,
): Promise<object> {
  const began = hashes
  const response: LightMyRequestResponse = await app.inject({
    method: 'POST',
    url: '/auth/token',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-forwarded-for': address,
    },
    payload: new URLSearchParams({ username, password }).toString(),
  })
  const { date: _now, ...headers } = response.headers
  const { statusCode, body } = response
  return { statusCode, headers, body, hashes: hashes - began }
}

test('unknown, wrong, inactive and imported accounts: equal bytes, and one hash of work (TH-01)', async () => {
  const unknown = await attempt('unknown')
  assert.partialDeepStrictEqual(unknown, { statusCode: 401, hashes: 1 })
  for (const username of ['wrong', 'inactive', 'imported', 'no name at all']) {
    assert.deepEqual(await attempt(username), unknown, username)
  }
  // And again, when their kinds of hashes are known.
  for (const username of ['imported', 'unknown']) {
    assert.deepEqual(await attempt(username), unknown, username)
  }
})

test('a throttled account is like a throttled name that does not exist: equal bytes, no hash (TH-01)', async () => {
  const names = ['throttled', 'throttled too', 'imported'] as const
  const answers: object[] = []
  for (const username of names) {
    let answer = await attempt(username)
    for (let failure = 0; failure < 10; failure++) answer = await attempt(username)
    answers.push(answer)
  }
  const [existing] = answers
  assert.partialDeepStrictEqual(existing, {
    statusCode: 429,
    hashes: 0,
    headers: { 'retry-after': '1' },
  })
  for (const answer of answers) assert.deepEqual(answer, existing)
  // The right password learns no more than a wrong one.
  assert.deepEqual(await attempt('throttled', goodPassword), existing)
})

test('behind a shared address that waits, a user known there is like any name: equal bytes, and the right password gets in (TH-01)', async () => {
  const shared = '192.0.2.77'
  const { id } = await auth.users.create({ username: 'neighbour', password: goodPassword })
  assert.partialDeepStrictEqual(await attempt('neighbour', goodPassword, shared), {
    statusCode: 200,
  })
  for (let name = 0; name < 53; name++) await attempt(`stranger ${name}`, 'wrong', shared)
  const { hashes: none, ...stranger } = Object(await attempt('a stranger', 'wrong', shared))
  assert.equal(stranger.statusCode, 429)
  assert.equal(none, 0)
  for (let guess = 0; guess < 10; guess++) {
    const { hashes: _, ...known } = Object(await attempt('neighbour', 'wrong', shared))
    assert.deepEqual(known, stranger)
    if (guess === 4) {
      const right = await attempt('neighbour', goodPassword, shared)
      assert.partialDeepStrictEqual(right, { statusCode: 200 })
    }
  }
  await auth.users.remove(id)
})
