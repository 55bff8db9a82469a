// End to end: tokens that a real OpenID provider issues to real clients, at an application of ours (XI-14).

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import {
  createResourceServer,
  type ResourceServer,
} from '../../src/core/issuers/resource-server.ts'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { secured } from '../../src/fastify/secured.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import type { IssuerOptions } from '../../src/issuers/define-issuer.ts'
import { rfc9068 } from '../../src/issuers/rfc9068.ts'
import { createTestClock, type TestClock } from '../fixtures.ts'
import {
  audience,
  type LoginTokens,
  type RunningProvider,
  resources,
  startRunningProvider,
} from './running-provider.ts'

const day = 86400

let provider: RunningProvider
let tokens: LoginTokens
let clock: TestClock
let auth: ResourceServer
let app: FastifyInstance
let handled = 0

before(async () => {
  provider = await startRunningProvider()
  tokens = await provider.login('alice')
})
after(() => provider.close())

beforeEach(() => start())
afterEach(() => stop())

async function start(options: IssuerOptions = {}): Promise<void> {
  // The provider's clock is the wall's.
  clock = createTestClock(Math.floor(Date.now() / 1000))
  auth = createResourceServer({
    roles: { admin: ['*'], reader: ['items:read'], member: [] },
    issuers: [
      rfc9068({
        issuer: provider.issuer,
        audience,
        clientId: ['web', 'machine'],
        roles: { 'team of alice': 'reader' },
        allowInsecureLoopback: true,
        ...options,
      }),
    ],
    clock,
  })
  const { requirePermission } = createGuards(auth)
  app = Fastify()
  await app.register(portcullis, { auth })
  handled = 0
  app.get(
    '/items',
    secured(requirePermission('items:read'), (user) => {
      handled++
      return { id: user.id, username: user.username, role: user.role }
    }),
  )
  provider.fetched.length = 0
}

async function stop(): Promise<void> {
  provider.disturb(undefined)
  await app.close()
  await auth.close()
}

const call = (token: string): Promise<LightMyRequestResponse> =>
  app.inject({ url: '/items', headers: { authorization: `Bearer ${token}` } })

const keyFetches = (): number => provider.fetched.filter((path) => path === '/jwks').length

/** The exact answer to a token that is not accepted. */
function assertInvalid(answer: LightMyRequestResponse): void {
  assert.equal(answer.statusCode, 401, answer.body)
  assert.equal(
    answer.headers['www-authenticate'],
    'Bearer error="invalid_token", error_description="The access token is invalid, expired or revoked"',
  )
  assert.deepEqual(answer.json(), {
    type: 'about:blank',
    title: 'Unauthorized',
    status: 401,
    detail: 'Could not validate credentials',
  })
}

/** The exact answer while no key can be had. */
function assertUnavailable(answer: LightMyRequestResponse, retryAfter: number): void {
  assert.equal(answer.statusCode, 503, answer.body)
  assert.equal(answer.headers['retry-after'], String(retryAfter))
  assert.deepEqual(answer.json(), {
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: `The keys of ${provider.issuer} cannot be had now`,
  })
}

/** Waits until what goes on in the background is done. */
async function until(done: () => boolean): Promise<void> {
  const guard = AbortSignal.timeout(10_000)
  while (!done()) {
    assert.ok(!guard.aborted, 'what was to happen in the background did not')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('a login at the provider is a user here, by one look at its metadata and keys (XI-14)', async () => {
  for (let i = 0; i < 3; i++) {
    const answer = await call(tokens.access_token)
    assert.equal(answer.statusCode, 200, answer.body)
    assert.deepEqual(answer.json(), {
      id: `${provider.issuer}|alice`,
      username: 'alice',
      role: 'reader',
    })
  }
  assert.deepEqual(provider.fetched, ['/.well-known/openid-configuration', '/jwks'])
})

test('somebody without a role that is mapped, and a machine, may do less', async () => {
  const { access_token } = await provider.login('bob')
  const bob = await call(access_token)
  assert.equal(bob.statusCode, 403, bob.body)
  assert.match(String(bob.headers['www-authenticate']), /error="insufficient_scope"/)
  // No scope would make a user of it.
  const machine = await call(await provider.machineToken())
  assert.equal(machine.statusCode, 403, machine.body)
  assert.equal(machine.headers['www-authenticate'], undefined)
  assert.equal(handled, 0)
})

describe('a token that is not for us', () => {
  test('an ID token is refused', async () => {
    assertInvalid(await call(tokens.id_token))
    assert.deepEqual(provider.fetched, [], 'and costs no fetch')
  })

  test('one for another audience is refused', async () => {
    assertInvalid(await call(await provider.machineToken(resources.other)))
    const { access_token } = await provider.login('alice', { resource: resources.other })
    assertInvalid(await call(access_token))
  })

  test('one of another client is refused', async () => {
    const { access_token } = await provider.login('alice', { client: 'other' })
    assertInvalid(await call(access_token))
    assert.equal(keyFetches(), 1)
  })

  test('one that has been changed, or has lost its signature, is refused', async () => {
    const [header = '', payload = '', signature = ''] = tokens.access_token.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'admin' })).toString('base64url')
    assertInvalid(await call(`${header}.${changed}.${signature}`))
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    assertInvalid(await call(`${none}.${payload}.`))
    assert.equal(handled, 0)
  })
})

describe('keys that are rotated while the provider runs', () => {
  test('the first token of the new key is accepted, and those of the old one still (XI-14)', async () => {
    assert.equal((await call(tokens.access_token)).statusCode, 200)
    await provider.rotate()
    const renewed = await provider.login('alice')
    assert.equal((await call(renewed.access_token)).statusCode, 200)
    assert.equal((await call(tokens.access_token)).statusCode, 200)
    assert.equal(keyFetches(), 2)

    // Twice rotated, the first key is not published any more: its tokens end with it.
    await provider.rotate()
    clock.advance(600)
    assert.equal((await call(tokens.access_token)).statusCode, 200)
    await until(() => auth.issuers.status()[0]?.lastFetchedAt === clock())
    assertInvalid(await call(tokens.access_token))
    assert.equal((await call(renewed.access_token)).statusCode, 200)
    tokens = await provider.login('alice')
    assert.equal((await call(tokens.access_token)).statusCode, 200)
  })

  test('a flood of keys that nobody has costs one fetch per cool-down', async () => {
    assert.equal((await call(tokens.access_token)).statusCode, 200)
    const [, payload, signature] = tokens.access_token.split('.')
    const flood = async (): Promise<void> => {
      const answers = await Promise.all(
        Array.from({ length: 200 }, () => {
          const header = JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: randomUUID() })
          return call(`${Buffer.from(header).toString('base64url')}.${payload}.${signature}`)
        }),
      )
      for (const answer of answers) assertInvalid(answer)
    }
    await flood()
    clock.advance(29)
    await flood()
    assert.equal(keyFetches(), 2)
    clock.advance(1)
    await flood()
    assert.equal(keyFetches(), 3)
    assert.equal((await call(tokens.access_token)).statusCode, 200)
  })
})

describe('a provider that fails', () => {
  test('one that is down keeps nobody out for a day, and then everybody', async () => {
    assert.equal((await call(tokens.access_token)).statusCode, 200)
    provider.disturb((request) => request.destroy())
    clock.advance(day - 1)
    for (let i = 0; i < 3; i++) assert.equal((await call(tokens.access_token)).statusCode, 200)
    await until(() => auth.issuers.status()[0]?.failures === 1)
    const fetches = provider.fetched.length
    assert.equal((await call(tokens.access_token)).statusCode, 200)
    assert.equal(provider.fetched.length, fetches)

    clock.advance(1)
    assertUnavailable(await call(tokens.access_token), 29)
    clock.advance(29)
    for (let i = 0; i < 3; i++) assertUnavailable(await call(tokens.access_token), 30)
    assert.equal(auth.issuers.status()[0]?.failures, 2)

    provider.disturb(undefined)
    clock.advance(30)
    assert.equal((await call(tokens.access_token)).statusCode, 200)
    assert.equal(auth.issuers.status()[0]?.lastFailure, null)
  })

  test('one that is down from the start is asked once per cool-down', async () => {
    provider.disturb((request) => request.destroy())
    for (let i = 0; i < 5; i++) assertUnavailable(await call(tokens.access_token), 30)
    assert.equal(provider.fetched.length, 1)
    assert.equal(handled, 0)
  })

  test('one that is slow delays no request once its keys are known', async () => {
    assert.equal((await call(tokens.access_token)).statusCode, 200)
    // It never answers: a request that waited for it would not end.
    provider.disturb(() => {})
    clock.advance(3600)
    for (let i = 0; i < 10; i++) assert.equal((await call(tokens.access_token)).statusCode, 200)
    await until(() => keyFetches() === 2)
  })

  test('one that is slow from the start is given up', async () => {
    await stop()
    await start({ fetchTimeout: 1 })
    provider.disturb(() => {})
    const answers = await Promise.all([call(tokens.access_token), call(tokens.access_token)])
    for (const answer of answers) assertUnavailable(answer, 30)
    assert.equal(provider.fetched.length, 1)
  })

  test('one that answers garbage changes nothing', async () => {
    assert.equal((await call(tokens.access_token)).statusCode, 200)
    const garbage: readonly (readonly [number, string, string])[] = [
      [200, 'application/json', '{"keys":['],
      [200, 'application/json', '{"keys":[{}]}'],
      [200, 'application/json', 'null'],
      [200, 'text/html', '<html>maintenance</html>'],
      [200, 'application/json', ' '.repeat(600_000)],
      [302, 'application/json', '{}'],
      [500, 'application/json', '{}'],
    ]
    for (const [index, [status, type, body]] of garbage.entries()) {
      provider.disturb((_request, response) => {
        response.writeHead(status, { 'content-type': type, location: '/jwks' }).end(body)
      })
      clock.advance(600)
      assert.equal((await call(tokens.access_token)).statusCode, 200)
      await until(() => auth.issuers.status()[0]?.failures === index + 1)
      assert.equal((await call(tokens.access_token)).statusCode, 200)
    }
    assert.equal(auth.issuers.status()[0]?.keys, 2)
  })
})
