// The keys of one issuer over time: real HTTP, a clock that is moved, and every request counted.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { UnavailableError } from '../../src/core/errors.ts'
import type { OpenIssuer } from '../../src/core/issuers/external-issuer.ts'
import type { IssuerOptions } from '../../src/issuers/define-issuer.ts'
import { rfc9068 } from '../../src/issuers/rfc9068.ts'
import { createTestClock, type TestClock } from '../fixtures.ts'
import {
  makeKey,
  type ProviderKey,
  sendJson,
  sign,
  startProvider,
  type TestProvider,
} from './provider.ts'

const audience = 'https://api.example.com'
const day = 86400
const [first, second, third] = await Promise.all([
  makeKey('first'),
  makeKey('second'),
  makeKey('third'),
])

let provider: TestProvider
let clock: TestClock
let issuer: OpenIssuer

const open = (options: IssuerOptions = {}): OpenIssuer =>
  rfc9068({ issuer: provider.origin, audience, allowInsecureLoopback: true, ...options }).open(
    clock,
  )

beforeEach(async () => {
  provider = await startProvider()
  clock = createTestClock()
  provider.publish([first])
  issuer = open()
})
afterEach(async () => {
  issuer.close()
  await provider.close()
})

/** A token that is good for days, so that what changes is what is known of its key. */
async function tokenBy(key: ProviderKey): Promise<string> {
  const claims = {
    iss: provider.origin,
    sub: 'alice',
    aud: audience,
    client_id: 'web',
    jti: randomUUID(),
    iat: clock(),
    exp: clock() + 30 * day,
  }
  return await sign(key, claims, { typ: 'at+jwt' })
}

const verifies = async (key: ProviderKey): Promise<boolean> =>
  (await issuer.verify(await tokenBy(key))) !== null

/** Requests for keys; those for metadata are not counted. */
const fetches = (): number => provider.requests.filter((path) => path === '/jwks').length

/** Waits until what goes on in the background has been counted. */
async function settled(done: () => boolean): Promise<void> {
  const guard = AbortSignal.timeout(10_000)
  while (!done()) {
    assert.ok(!guard.aborted, 'what was to happen in the background did not')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('the first fetch', () => {
  test('nothing is fetched before a token needs it, and then once for all who wait', async () => {
    assert.deepEqual(provider.requests, [])
    const tokens = await Promise.all(Array.from({ length: 50 }, () => tokenBy(first)))
    const verified = await Promise.all(tokens.map((token) => issuer.verify(token)))
    assert.ok(verified.every((token) => token?.subject === 'alice'))
    assert.deepEqual(provider.requests, ['/.well-known/openid-configuration', '/jwks'])
    assert.deepEqual(issuer.status, {
      keys: 1,
      lastFetchedAt: clock(),
      fetches: 1,
      failures: 0,
      lastFailure: null,
    })
  })

  test('a token that cannot be one of the issuer’s fetches nothing', async () => {
    const token = await sign(first, { iss: provider.origin, sub: 'a' }, { typ: 'JWT' })
    assert.equal(await issuer.verify(token), null)
    const { length } = token
    assert.equal(await issuer.verify(token.slice(0, length - 1)), null)
    assert.deepEqual(provider.requests, [])
  })

  test('without keys a token cannot be judged: 503, one try per cool-down (DR-07)', async () => {
    provider.remove('/jwks')
    const token = await tokenBy(first)
    for (const retryAfter of [30, 30, 18]) {
      if (retryAfter === 18) clock.advance(12)
      await assert.rejects(issuer.verify(token), (error) => {
        assert.ok(error instanceof UnavailableError)
        assert.equal(error.retryAfter, retryAfter)
        assert.match(String(error.cause), /jwks answered 404, not 200/)
        return true
      })
    }
    assert.equal(fetches(), 1)
    provider.publish([first])
    clock.advance(18)
    assert.ok(await issuer.verify(token))
    assert.equal(fetches(), 2)
    assert.equal(issuer.status.failures, 1)
    assert.equal(issuer.status.lastFailure, null)
  })
})

describe('metadata (XI-02)', () => {
  test('it is found where RFC 8414 puts it, if it is not where OpenID Connect does', async () => {
    const realm = `${provider.origin}/realms/a`
    provider.remove('/.well-known/openid-configuration')
    provider.serve('/.well-known/oauth-authorization-server/realms/a', {
      issuer: realm,
      jwks_uri: `${provider.origin}/jwks`,
    })
    issuer = rfc9068({ issuer: realm, audience, allowInsecureLoopback: true }).open(clock)
    const token = await sign(
      first,
      {
        iss: realm,
        sub: 'a',
        aud: audience,
        client_id: 'c',
        jti: 'j',
        iat: clock(),
        exp: clock() + 9,
      },
      { typ: 'at+jwt' },
    )
    assert.ok(await issuer.verify(token))
    assert.deepEqual(provider.requests, [
      '/realms/a/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server/realms/a',
      '/jwks',
    ])
  })

  test('it must name the issuer that is configured, to the last sign', async () => {
    for (const named of [
      `${provider.origin}/`,
      provider.origin.replace('http:', 'HTTP:'),
      provider.origin.replace('127.0.0.1', 'localhost'),
      `${provider.origin.replace(/\d+$/, '')}1`,
      [provider.origin],
      undefined,
    ]) {
      provider.serve('/.well-known/openid-configuration', {
        issuer: named,
        jwks_uri: `${provider.origin}/jwks`,
      })
      issuer = open()
      await assert.rejects(issuer.verify(await tokenBy(first)), UnavailableError)
      assert.match(String(issuer.status.lastFailure), /metadata of another issuer/)
    }
    assert.equal(fetches(), 0)
  })

  test('it cannot lead to keys that are elsewhere without https', async () => {
    for (const jwks_uri of ['http://sso.example.com/jwks', 'file:///etc/passwd', '/jwks', 7]) {
      provider.serve('/.well-known/openid-configuration', { issuer: provider.origin, jwks_uri })
      issuer = open()
      await assert.rejects(issuer.verify(await tokenBy(first)), UnavailableError)
    }
    assert.equal(fetches(), 0)
  })

  test('one that has become wrong later leaves the good one and its keys in use', async () => {
    assert.ok(await verifies(first))
    provider.serve('/.well-known/openid-configuration', {
      issuer: `${provider.origin}/other`,
      jwks_uri: `${provider.origin}/jwks`,
    })
    clock.advance(day - 1)
    assert.ok(await verifies(first))
    await settled(() => issuer.status.lastFetchedAt === clock())
    assert.equal(fetches(), 2)
    clock.advance(600)
    assert.ok(await verifies(first), 'while the metadata is read again, and after')
    await settled(() => issuer.status.failures === 1)
    assert.ok(await verifies(first))
    assert.equal(fetches(), 2)
  })

  test('keys that have moved are found again', async () => {
    assert.ok(await verifies(first))
    provider.remove('/jwks')
    provider.serve('/keys', { keys: [second.jwk] })
    provider.serve('/.well-known/openid-configuration', {
      issuer: provider.origin,
      jwks_uri: `${provider.origin}/keys`,
    })
    await assert.rejects(verifies(second), UnavailableError)
    clock.advance(30)
    assert.equal(await verifies(second), true)
  })
})

describe('keys that are rotated', () => {
  test('the first token of a key that was just published is good (XI-06)', async () => {
    assert.ok(await verifies(first))
    provider.publish([first, second])
    assert.ok(await verifies(second))
    assert.ok(await verifies(first))
    assert.equal(fetches(), 2)
  })

  test('10,000 tokens of keys that nobody has cost one fetch per cool-down (XI-05)', async () => {
    assert.ok(await verifies(first))
    const [header = '', ...rest] = (await tokenBy(first)).split('.')
    const garbage = (kid: string): string =>
      [Buffer.from(atob(header).replace('first', kid)).toString('base64url'), ...rest].join('.')
    for (let second = 0; second < 10; second++) {
      const answers = await Promise.all(
        Array.from({ length: 1000 }, () => issuer.verify(garbage(randomUUID()))),
      )
      assert.ok(answers.every((answer) => answer === null))
      clock.advance(1)
    }
    assert.equal(fetches(), 2)
    assert.ok(await verifies(first))
    clock.advance(20)
    await Promise.all(Array.from({ length: 50 }, () => issuer.verify(garbage(randomUUID()))))
    assert.equal(fetches(), 3)
    assert.equal(issuer.status.failures, 0)
  })

  test('a key that came during a flood is known after the cool-down', async () => {
    assert.ok(await verifies(first))
    assert.equal(await verifies(third), false)
    provider.publish([second])
    assert.equal(await verifies(second), false)
    clock.advance(30)
    assert.ok(await verifies(second))
    assert.equal(fetches(), 3)
  })

  test('keys are fetched again in the background, and no request waits for it', async () => {
    assert.ok(await verifies(first))
    let held: ServerResponse | undefined
    provider.serve('/jwks', (_request, response) => {
      held = response
    })
    clock.advance(599)
    assert.ok(await verifies(first))
    assert.equal(fetches(), 1)
    clock.advance(1)
    // The provider does not answer: if this waited for it, it would not end.
    for (let i = 0; i < 20; i++) assert.ok(await verifies(first))
    await settled(() => held !== undefined)
    assert.equal(fetches(), 2)
    sendJson(held as ServerResponse, { keys: [second.jwk] })
    await settled(() => issuer.status.lastFetchedAt === clock())
    provider.publish([second])
    assert.ok(await verifies(second))
    assert.equal(await verifies(first), false)
  })

  test('a key that was published during a fetch is found by the next', async () => {
    assert.ok(await verifies(first))
    const { promise: asked, resolve } = Promise.withResolvers<ServerResponse>()
    provider.serve('/jwks', (_request, response) => resolve(response))
    clock.advance(600)
    assert.ok(await verifies(first), 'the fetch goes on behind it')
    const slow = await asked
    const verified = verifies(second)
    provider.publish([first, second])
    sendJson(slow, { keys: [first.jwk] })
    assert.equal(await verified, true)
  })

  test('a key that is withdrawn changes the version, one that is added does not', async () => {
    assert.ok(await verifies(first))
    const version = issuer.keysVersion
    provider.publish([first, second])
    assert.ok(await verifies(second))
    assert.equal(issuer.keysVersion, version)
    provider.publish([second, third])
    clock.advance(600)
    assert.ok(await verifies(second))
    await settled(() => issuer.keysVersion !== version)
    assert.equal(await verifies(first), false)
  })
})

describe('a provider that fails (XI-06)', () => {
  const failures: Readonly<Record<string, (response: ServerResponse) => void>> = {
    'is down': (response) => void response.destroy(),
    'answers 500': (response) => void response.writeHead(500).end(),
    'answers HTML': (response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    'answers garbage': (response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end('{"keys":'),
    'answers no keys': (response) => sendJson(response, { keys: [] }),
    redirects: (response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
  }
  for (const [title, fail] of Object.entries(failures)) {
    test(`one that ${title} does not stop the keys that are known, for a day`, async () => {
      assert.ok(await verifies(first))
      const path = '/.well-known/openid-configuration'
      provider.serve('/jwks', (_request, response) => fail(response))
      provider.serve(path, (_request, response) => fail(response))
      let failed = 0
      for (let age = 600; age < day; age += 3600) {
        clock.advance(age === 600 ? 600 : 3600)
        assert.ok(await verifies(first), `after ${age} s`)
        await settled(() => issuer.status.failures > failed)
        failed = issuer.status.failures
        // Not again within the cool-down.
        assert.ok(await verifies(first))
        assert.equal(issuer.status.failures, failed)
        assert.notEqual(issuer.keysVersion, null)
      }
      // Whether this key is one of the issuer's nobody knows now: no client is to log out for that.
      const { failures } = issuer.status
      await assert.rejects(verifies(second), UnavailableError)
      clock.advance(30)
      await assert.rejects(verifies(second), (error) => {
        assert.ok(error instanceof UnavailableError)
        assert.equal(error.retryAfter, 30)
        return true
      })
      assert.equal(issuer.status.failures, failures + 1)
      clock.advance(3570)
      await assert.rejects(verifies(first), UnavailableError)
      assert.equal(issuer.keysVersion, null)
      assert.equal(issuer.status.keys, 0)

      provider.publish([first])
      clock.advance(30)
      assert.ok(await verifies(first))
      assert.equal(issuer.status.lastFailure, null)
    })
  }

  test('keys are believed up to the second at which they are too old', async () => {
    issuer = open({ maxStale: 3600 })
    assert.ok(await verifies(first))
    provider.remove('/jwks')
    clock.advance(3599)
    assert.ok(await verifies(first))
    clock.advance(1)
    await assert.rejects(verifies(first), UnavailableError)
  })

  test('one that is slow is given up after the limit (DR-07)', async () => {
    issuer = open({ fetchTimeout: 1 })
    provider.serve('/jwks', () => {})
    await assert.rejects(verifies(first), (error) => {
      assert.ok(error instanceof UnavailableError)
      assert.match(String(error.cause), /did not answer whole within 1 s/)
      return true
    })
  })

  test('a clock that is set back makes nobody wait longer (DD-10)', async () => {
    provider.remove('/jwks')
    await assert.rejects(verifies(first), UnavailableError)
    provider.publish([first])
    clock.advance(-3600)
    assert.ok(await verifies(first))
  })
})
