// What a source that has logged in to an account may do, and what an attacker beside it learns.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Auth } from '../../../src/core/auth.ts'
import { internals } from '../../../src/core/internals.ts'
import {
  type CountingPool,
  cheapHashing,
  createCountingPool,
  createTestAuth,
  createTestClock,
  goodPassword,
  type TestClock,
} from '../../fixtures.ts'
import { type Outcome, outcomeOf } from './attempt.ts'
import { failPatiently } from './patience.ts'

const here = '192.0.2.1'
const elsewhere = '198.51.100.7'

let clock: TestClock
let pool: CountingPool
let auth: Auth

beforeEach(async () => {
  clock = createTestClock()
  pool = createCountingPool()
  auth = await createTestAuth({ clock, passwordHash: { ...cheapHashing, pool } })
  await auth.users.create({ username: 'alice', password: goodPassword })
})

const attempt = (username: string, password: string, address = here): Promise<Outcome> =>
  outcomeOf(auth, username, password, address)

/** The outcomes of so many attempts at names of nobody. */
async function guessNames(times: number, address = here): Promise<readonly unknown[]> {
  const outcomes: unknown[] = []
  for (let each = 0; each < times; each++) {
    outcomes.push(await attempt(`nobody${clock()}-${each}`, 'wrong', address))
  }
  return outcomes
}

test('a login of the owner from a known source excuses no guess of strangers (TH-10)', async () => {
  await attempt('alice', goodPassword)
  const outcomes: unknown[] = []
  for (let round = 0; round < 20; round++) {
    assert.equal(await attempt('alice', goodPassword), 'in')
    for (let guess = 0; guess < 6; guess++) outcomes.push(await attempt('alice', 'x', elsewhere))
  }
  assert.equal(outcomes.filter((outcome) => outcome === 'refused').length, 6)
})

test('a stranger cannot tell from the waits whether the owner has logged in meanwhile (TH-01)', async () => {
  await attempt('alice', goodPassword)
  const answers = async (username: string, address: string): Promise<unknown[]> => {
    const outcomes: unknown[] = []
    for (let each = 0; each < 12; each++) {
      if (username === 'alice') assert.equal(await attempt('alice', goodPassword), 'in')
      outcomes.push(await attempt(username, 'wrong', address))
    }
    return outcomes
  }
  assert.deepEqual(await answers('alice', elsewhere), await answers('nobody', '203.0.113.9'))
})

test('a login from a known source resets its own count (TH-10)', async () => {
  await attempt('alice', goodPassword)
  for (let round = 0; round < 4; round++) {
    for (let tries = 0; tries < 5; tries++) assert.equal(await attempt('alice', 'x'), 'refused')
    assert.equal(await attempt('alice', goodPassword), 'in')
  }
})

test('while a source waits, a known user and a name of nobody are refused alike, and the right password gets in (TH-01, TH-06)', async () => {
  await attempt('alice', goodPassword)
  const guesses = await guessNames(53)
  assert.deepEqual(guesses.slice(50), ['refused', 1, 1])
  for (let each = 0; each < 20; each++) {
    const stranger = await attempt('nobody', 'wrong')
    assert.equal(stranger, 1)
    assert.equal(await attempt('alice', 'wrong'), stranger)
    if (each < 5) assert.equal(await attempt('alice', goodPassword), 'in')
  }
})

test('guesses at a known user while a source waits are counted, and cost no hash beyond (TH-05)', async () => {
  await attempt('alice', goodPassword)
  await guessNames(53)
  const before = pool.hashes
  for (let each = 0; each < 30; each++) assert.equal(await attempt('alice', 'wrong'), 1)
  assert.equal(pool.hashes - before, 6)
  assert.equal(await attempt('alice', goodPassword), 1, 'the right one waits with them')
})

test('what was tried while a source waits does not show afterwards (TH-01)', async () => {
  await attempt('alice', goodPassword)
  await guessNames(53)
  for (let each = 0; each < 10; each++) {
    assert.equal(await attempt('alice', 'wrong'), await attempt('nobody', 'wrong'))
  }
  clock.advance(1)
  assert.equal(await attempt('alice', 'wrong'), 'refused')
  assert.equal(await attempt('nobody', 'wrong'), 2)
  clock.advance(2)
  assert.equal(await attempt('nobody', 'wrong'), 'refused')
  assert.equal(await attempt('alice', 'wrong'), 4)
})

test('wrong passwords of a known user are failures of the source as those of any name (TH-01, TH-03)', async () => {
  await attempt('alice', goodPassword)
  assert.deepEqual(await guessNames(50), Array(50).fill('refused'))
  assert.equal(await attempt('alice', 'wrong'), 'refused')
  assert.equal(await attempt('nobody', 'wrong'), 1)
})

test('good logins of a known user are no failures of the source', async () => {
  for (let each = 0; each < 60; each++) assert.equal(await attempt('alice', goodPassword), 'in')
  assert.equal(await attempt('nobody', 'wrong'), 'refused')
})

test('a refusal because of the source is answered by the pace of a hash, for everybody (TH-01)', async () => {
  await attempt('alice', goodPassword)
  await guessNames(53)
  const waited: string[] = []
  const { settleRefusal } = auth[internals].passwords
  Object.assign(auth[internals].passwords, {
    settleRefusal: async (duration: number) => {
      assert.ok(duration > 0)
      await settleRefusal(duration)
      waited.push('settled')
    },
  })
  for (const name of ['alice', 'nobody', 'alice']) {
    assert.equal(await attempt(name, 'wrong'), 1)
    assert.equal(waited.splice(0).length, 1, name)
  }
  assert.equal(await attempt('alice', goodPassword), 'in')
  assert.equal(waited.length, 0, 'a good login does not wait')
})

test('100 failures while the source waits lock that way alone, and an unlock opens it (TH-04)', async () => {
  await attempt('alice', goodPassword)
  Object.assign(auth[internals].passwords, { settleRefusal: async () => {} })
  const { id } = (await auth.users.findByUsername('alice')) ?? { id: '' }
  await guessNames(53)
  const looked = async (): Promise<unknown> => {
    // The source waits while alice is tried.
    for (let name = 0; name < 2; name++) await attempt(`nobody${clock()}-${name}`, 'x')
    const before = pool.hashes
    const seconds = await attempt('alice', 'wrong')
    return pool.hashes > before ? 'looked at' : seconds
  }
  await failPatiently(100, looked, () => clock.advance(900))
  const [lock] = await auth.events.list({ type: 'authn_login_lock', limit: 10 })
  assert.equal(lock?.details?.known_source, true)
  clock.advance(24 * 60 * 60 + 1)
  assert.equal(await attempt('alice', goodPassword), 'in', 'while the source does not wait')
  await guessNames(53)
  assert.equal(await attempt('alice', goodPassword), 1)
  await auth.users.unlock(id)
  assert.equal(await attempt('alice', goodPassword), 'in')
})
