// Guesses at the secrets of clients (PC-15).

import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { Auth } from '../../src/core/auth.ts'
import { internals } from '../../src/core/internals.ts'
import type { Store } from '../../src/core/store.ts'
import type { TokenEndpoint } from '../../src/http/endpoints/endpoint.ts'
import { createIntrospectionEndpoint } from '../../src/http/endpoints/introspection.ts'
import { createRevocationEndpoint } from '../../src/http/endpoints/revocation.ts'
import { createTokenEndpoint } from '../../src/http/endpoints/token.ts'
import type { TokenAnswer } from '../../src/http/token-messages.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock, type TestClock } from '../fixtures.ts'
import { basic, type Caller, plainSecret, post } from './clients.ts'

const home = '192.0.2.1'
const elsewhere = '198.51.100.7'
const grants = ['client_credentials']

let auth: Auth
let clock: TestClock
let store: Store
/** Counts that were written. */
let written: number

/** The store of every test, which says how often counts are written. */
function countingStore(): Store {
  const real = memory()
  const throttle = { ...real.throttle }
  for (const name of ['count', 'takeBack', 'succeed'] as const) {
    const change = real.throttle[name] as (argument: unknown) => Promise<never>
    throttle[name] = (argument: unknown) => {
      written++
      return change(argument)
    }
  }
  return { ...real, throttle }
}

beforeEach(async () => {
  written = 0
  clock = createTestClock()
  store = countingStore()
  const clients = ['app', 'other'].map((id) => ({ id, secret: plainSecret, grants }))
  auth = await createTestAuth({ store, clock, clients: [...clients, { id: 'spa' }] })
})

async function send(
  endpoint: TokenEndpoint,
  { authorization, form = {} }: Caller,
  address: string,
): Promise<TokenAnswer> {
  const fields = { grant_type: 'client_credentials', token: 'x', ...form }
  return await endpoint({
    contentType: 'application/x-www-form-urlencoded',
    authorization,
    address,
    body: Buffer.from(new URLSearchParams(fields).toString()),
  })
}

const ask = (caller: Caller, address = home): Promise<TokenAnswer> =>
  send(createTokenEndpoint(auth), caller, address)

/** The statuses of so many requests. */
async function repeat(times: number, caller: Caller, address = home): Promise<readonly number[]> {
  const statuses: number[] = []
  for (let each = 0; each < times; each++) statuses.push((await ask(caller, address)).status)
  return statuses
}

const refusals = Array<number>(6).fill(401)
const wrong = (id: string): Caller => basic(id, 'wrong')
const right = basic('app', plainSecret)

describe('wrong secrets of one id', () => {
  test('are 429 from the sixth on, also for an id that does not exist (PC-15)', async () => {
    const answers: TokenAnswer[] = []
    // Each from an address of its own, so that no other count has a part in it.
    for (const [index, id] of ['app', 'nobody', 'spa', 'x y'].entries()) {
      const address = `203.0.113.${index}`
      assert.deepEqual(await repeat(6, wrong(id), address), refusals)
      answers.push(await ask(wrong(id), address))
    }
    const [first, ...others] = answers
    assert.equal(first?.status, 429)
    assert.equal(first.headers['retry-after'], '1')
    assert.equal(first.headers['cache-control'], 'no-store')
    assert.equal(Object(first.body).error, 'temporarily_unavailable')
    for (const other of others) assert.deepEqual(other, first)
  })

  test('are counted together at every endpoint, and in both ways to show one (PC-15)', async () => {
    const endpoints = [
      createTokenEndpoint(auth),
      createIntrospectionEndpoint(auth),
      createRevocationEndpoint(auth),
    ]
    for (const endpoint of endpoints) {
      for (const caller of [wrong('app'), post('app', 'wrong')]) {
        assert.equal((await send(endpoint, caller, home)).status, 401)
      }
    }
    for (const endpoint of endpoints) {
      assert.equal((await send(endpoint, wrong('app'), elsewhere)).status, 429)
    }
  })

  test('are counted before the look: of a hundred at once, six get one (PC-15)', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(wrong('app'))))
    const looked = answers.filter(({ status }) => status === 401)
    assert.equal(looked.length, 6)
  })

  test('make the right one wait too, where it was not shown before (PC-15)', async () => {
    await repeat(6, wrong('app'), elsewhere)
    assert.equal((await ask(right, elsewhere)).status, 429)
    clock.advance(1)
    assert.equal((await ask(right, elsewhere)).status, 200)
  })

  test('lock nobody out, however many there are (PC-15)', async () => {
    for (let each = 0; each < 200; each++) {
      await ask(wrong('app'), `203.0.113.${each}`)
      clock.advance(15 * 60)
    }
    clock.advance(15 * 60)
    assert.equal((await ask(right, elsewhere)).status, 200)
  })

  test('do not make other clients wait', async () => {
    await repeat(7, wrong('nobody'))
    assert.equal((await ask(basic('other', plainSecret))).status, 200)
  })
})

describe('a client that has shown its secret', () => {
  test('goes on while others guess from elsewhere (PC-15)', async () => {
    assert.equal((await ask(right)).status, 200)
    assert.deepEqual(await repeat(6, wrong('app'), elsewhere), refusals)
    assert.equal((await ask(wrong('app'), elsewhere)).status, 429)
    assert.deepEqual(await repeat(3, right), [200, 200, 200])
    // Another process, and this one long after, know it by the store.
    clock.advance(2 * 60 * 60)
    await repeat(6, wrong('app'), elsewhere)
    assert.equal((await ask(right)).status, 200)
  })

  test('costs no write, but for one in an hour (PC-15)', async () => {
    await ask(right)
    assert.ok(written > 0)
    written = 0
    await repeat(50, right)
    assert.equal(written, 0)
    clock.advance(60 * 60)
    await ask(right)
    assert.ok(written > 0)
  })

  test('hides no guesses behind its own address (PC-15)', async () => {
    await ask(right)
    // The first wrong one ends the free looks: it is counted with those that follow.
    assert.deepEqual(await repeat(6, wrong('app')), refusals)
    assert.equal((await ask(wrong('app'))).status, 429)
    assert.equal((await ask(right)).status, 429)
    clock.advance(1)
    assert.equal((await ask(right)).status, 200)
  })
})

test('who shows no secret guesses none, and writes nothing', async () => {
  assert.deepEqual(await repeat(20, post('app')), Array<number>(20).fill(401))
  assert.deepEqual(await repeat(20, post('nobody')), Array<number>(20).fill(401))
  assert.equal(written, 0)
})

test('a registration and a removal end the waits: nobody has guessed at the next secret', async () => {
  const ask = async (): Promise<number> => {
    await repeat(6, wrong('stored'), elsewhere)
    return (await repeat(1, wrong('stored'), elsewhere))[0] ?? 0
  }
  assert.equal(await ask(), 429)
  const secret = await auth.clients.register({ id: 'stored', grants, confidential: true })
  assert.deepEqual(await repeat(1, basic('stored', secret)), [200])
  assert.equal(await ask(), 429)
  await auth.clients.remove('stored')
  assert.deepEqual(await repeat(1, wrong('stored'), '203.0.113.9'), [401])
})

test('a new secret ends the waits', async () => {
  await auth.clients.register({ id: 'stored', grants, confidential: true })
  await repeat(7, wrong('stored'))
  const secret = await auth.clients.replaceSecret('stored')
  assert.equal((await ask(basic('stored', secret))).status, 200)
})

describe('a user and a client of one name', () => {
  const wrongLogin = async (username: string, address: string): Promise<unknown> =>
    auth[internals].login
      .authenticate({ username, password: 'wrong', address })
      .catch(({ code }) => code)

  test('have counts of their own: guesses at one do not make the other wait', async () => {
    for (const username of ['app', 'client app', 'invalid client app']) {
      for (let each = 0; each < 6; each++) await wrongLogin(username, elsewhere)
      assert.equal(await wrongLogin(username, elsewhere), 'throttled')
    }
    assert.deepEqual(await repeat(6, wrong('app'), '203.0.113.1'), refusals)
    assert.equal((await ask(wrong('app'), '203.0.113.1')).status, 429)
    await auth.users.create({ username: 'other', password: 'vivid harbor ladle ox' })
    await repeat(7, wrong('other'), '203.0.113.2')
    for (const username of ['other', 'client other']) {
      assert.equal(await wrongLogin(username, '203.0.113.3'), null, username)
    }
  })
})

test('free looks are of the source that has shown the secret, and of no other (PC-15)', async () => {
  await repeat(7, wrong('app'), '203.0.113.1')
  clock.advance(1)
  assert.equal((await ask(right)).status, 200)
  await repeat(7, wrong('app'), '203.0.113.1')
  assert.equal((await ask(right)).status, 200)
  assert.equal((await ask(right, elsewhere)).status, 429)
})
