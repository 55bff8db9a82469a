import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Auth } from '../../../src/core/auth.ts'
import { UnavailableError, UserError } from '../../../src/core/errors.ts'
import { internals } from '../../../src/core/internals.ts'
import { createHashPool, type HashPool } from '../../../src/core/passwords/hash-pool.ts'
import {
  authenticate,
  type CountingPool,
  changePassword,
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

/** Fails until so many attempts were looked at, waiting as long as it is told to. */
function failAs(username: string, times: number, address = here): Promise<void> {
  return failPatiently(times, () => attempt(username, 'wrong', address), clock.advance)
}

test('waits grow from the sixth failure on, to a quarter of an hour (TH-05)', async () => {
  const waits: number[] = []
  const pass = (seconds: number): void => {
    waits.push(seconds)
    clock.advance(seconds)
  }
  await failPatiently(20, () => attempt('alice', 'wrong'), pass)
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900])
})

test('who waits is the same for names that exist and names that do not (TH-03)', async () => {
  const sequenceOf = async (username: string, address: string) => {
    const outcomes: unknown[] = []
    for (let tries = 0; tries < 20; tries++) outcomes.push(await attempt(username, 'x', address))
    return outcomes
  }
  const known = await sequenceOf('alice', here)
  assert.deepEqual(await sequenceOf('nobody', elsewhere), known)
  assert.deepEqual(await sequenceOf('no\u0000body', '203.0.113.9'), known)
  assert.equal(known.filter((outcome) => outcome === 'refused').length, 6)
})

test('the right password is not looked at during a wait, and the wait gets no longer (TH-05)', async () => {
  await failAs('alice', 8)
  const before = pool.hashes
  const wait = await attempt('alice', 'wrong')
  assert.equal(await attempt('alice', goodPassword), wait)
  assert.equal(await attempt('ALICE', goodPassword), wait, 'under every spelling of the name')
  assert.equal(pool.hashes, before, 'no hash is spent')
  clock.advance(Number(wait))
  assert.equal(await attempt('alice', goodPassword), 'in')
})

test('a success ends the waits of the account', async () => {
  await failAs('alice', 8)
  clock.advance(900)
  assert.equal(await attempt('alice', goodPassword), 'in')
  for (let tries = 0; tries < 5; tries++) assert.equal(await attempt('alice', 'x'), 'refused')
  assert.equal(await attempt('alice', goodPassword), 'in')
})

test('the owner logs in from a known source while others exhaust the account (TH-06)', async () => {
  assert.equal(await attempt('alice', goodPassword, elsewhere), 'in')
  await failAs('alice', 30)
  assert.equal(typeof (await attempt('alice', 'wrong')), 'number')
  assert.equal(await attempt('alice', goodPassword, elsewhere), 'in')
})

test('a known source has a count of its own, and waits too', async () => {
  await attempt('alice', goodPassword)
  await failAs('alice', 6)
  assert.equal(await attempt('alice', goodPassword), 1)
  assert.equal(await attempt('alice', 'wrong', elsewhere), 'refused', 'others do not wait for it')
})

test('a lock is one event, of a user and of a name that is nobody’s, from a known source and from others (LA-01, TH-04)', async () => {
  const { id } = (await auth.users.findByUsername('alice')) ?? {}
  await attempt('alice', goodPassword, here)
  for (const [username, address] of [
    ['alice', here],
    ['alice', elsewhere],
    ['nobody', '203.0.113.5'],
  ] as const) {
    await failAs(username, 100, address)
    assert.equal(typeof (await attempt(username, 'wrong', address)), 'number')
  }
  const locks = await auth.events.list({ type: 'authn_login_lock', limit: 10 })
  assert.deepEqual(
    locks.map(({ userId, address, outcome, details = {} }) => {
      const { username_digest, ...rest } = details
      return { userId, address, outcome, isDigest: typeof username_digest === 'string', ...rest }
    }),
    [
      [undefined, '203.0.113.5', false],
      [id, elsewhere, false],
      [id, here, true],
    ].map(([userId, address, known_source]) => ({
      ...{ userId, address, outcome: 'failure', isDigest: userId === undefined },
      ...{ failures: 100, known_source },
    })),
  )
  assert.equal(auth[internals].throttle.locked, 3)
})

test('the hundredth attempt locks nobody out if it is the right one (LA-01, TH-04)', async () => {
  await failAs('alice', 99)
  clock.advance(900)
  assert.equal(await attempt('alice', goodPassword), 'in')
  assert.deepEqual(await auth.events.list({ type: 'authn_login_lock', limit: 10 }), [])
  assert.equal(auth[internals].throttle.locked, 0)
})

test('after 100 failures in a row, over days, only unlocking helps (TH-04)', async () => {
  const slowly = (seconds: number): void => clock.advance(seconds + 3 * 60 * 60)
  await failPatiently(100, () => attempt('alice', 'wrong'), slowly)
  clock.advance(365 * 24 * 60 * 60)
  await auth[internals].throttle.prune()
  assert.equal(await attempt('alice', goodPassword), 900, 'said as a wait like any other')
  const { id } = (await auth.users.findByUsername('alice')) ?? { id: '' }
  await auth.users.unlock(id)
  assert.equal(await attempt('alice', goodPassword), 'in')
})

test('a password set by an administrator ends the waits', async () => {
  await failAs('alice', 8)
  const { id } = (await auth.users.findByUsername('alice')) ?? { id: '' }
  await auth.users.setPassword(id, 'nine brave kettles hum')
  assert.equal(await attempt('alice', 'nine brave kettles hum'), 'in')
  await assert.rejects(auth.users.unlock('nobody'), UserError)
})

test('of 50 attempts at once none too many is looked at (TH-07)', async () => {
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => attempt('alice', 'wrong')))
  assert.equal(outcomes.filter((outcome) => outcome === 'refused').length, 6)
  assert.equal(outcomes.filter((outcome) => outcome === 1).length, 44)
})

test('many good logins of one user at once are all let in', async () => {
  for (const address of [here, elsewhere]) {
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, () => attempt('alice', goodPassword, address)),
    )
    assert.deepEqual(outcomes, Array(60).fill('in'))
  }
})

test('many users who log in from one new source at once are all let in', async () => {
  const names = Array.from({ length: 80 }, (_, index) => `user${index}`)
  for (const username of names) {
    await auth.users.create({ username, password: goodPassword })
  }
  const outcomes = await Promise.all(names.map((name) => attempt(name, goodPassword)))
  assert.deepEqual(outcomes, Array(80).fill('in'))
})

test('a source that tries many names waits, and others do not (TH-03)', async () => {
  const outcomes: unknown[] = []
  for (let name = 0; name < 60; name++) outcomes.push(await attempt(`user${name}`, 'x'))
  assert.equal(outcomes.filter((outcome) => outcome === 'refused').length, 51)
  assert.equal(await attempt('alice', goodPassword, elsewhere), 'in')
  clock.advance(24 * 60 * 60 + 1)
  assert.equal(await attempt('user99', 'x'), 'refused')
})

test('a login of their own does not excuse who tries many names (TH-10)', async () => {
  await auth.users.create({ username: 'mallory', password: goodPassword })
  let looks = 0
  for (let name = 0; name < 200; name++) {
    await attempt('mallory', goodPassword)
    if ((await attempt(`user${name}`, 'x')) === 'refused') looks++
  }
  assert.equal(looks, 51)
})

test('all addresses of a /64 are counted as one source (TH-09)', async () => {
  const outcomes: unknown[] = []
  for (let host = 0; host < 60; host++) {
    outcomes.push(await attempt(`user${host}`, 'x', `2001:db8::${host.toString(16)}`))
  }
  assert.equal(outcomes.filter((outcome) => outcome === 'refused').length, 51)
})

test('what could not be looked at is not counted (TH-07)', async () => {
  const full: HashPool = {
    ...createHashPool({ concurrency: 1 }),
    run: () => Promise.reject(new UnavailableError('Too many', 2)),
  }
  const { store } = auth[internals]
  const busy = await createTestAuth({
    ...{ store, clock, secretKey: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' },
    passwordHash: { ...cheapHashing, pool: full },
  })
  for (let tries = 0; tries < 20; tries++) {
    await assert.rejects(authenticate(busy, 'alice', 'x'), UnavailableError)
  }
  assert.equal(await store.throttle.prune(0, 0, 0), 0, 'no count is left')
})

test('a wrong old password is counted like any other (TH-08, CVE-2026-9798, CVE-2026-16103)', async () => {
  const { id } = (await auth.users.findByUsername('alice')) ?? { id: '' }
  const outcomes: string[] = []
  for (let tries = 0; tries < 10; tries++) {
    await changePassword(auth, id, 'wrong', 'nine brave kettles hum').catch((error) =>
      outcomes.push(error.name),
    )
  }
  assert.deepEqual(outcomes.slice(0, 6), Array(6).fill('UserError'))
  assert.deepEqual(outcomes.slice(6), Array(4).fill('ThrottledError'))
})

test('a clock that is set back makes nobody wait longer than a quarter of an hour', async () => {
  await failAs('alice', 8)
  clock.advance(-30 * 24 * 60 * 60)
  assert.equal(await attempt('alice', goodPassword), 'in')
})

test('no name and no address is stored (LA-04)', async () => {
  const written: unknown[] = []
  const { throttle } = auth[internals].store
  const { count } = throttle
  Object.assign(throttle, {
    count: (asked: Parameters<typeof count>[0]) => {
      written.push(asked)
      return count(asked)
    },
  })
  await attempt('my secret typed as a name', 'x')
  assert.ok(written.length >= 2)
  assert.doesNotMatch(JSON.stringify(written), /secret|192\.0/)
})
