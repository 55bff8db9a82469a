// Guards and the client in Bun, Deno and workerd: the built package, and beside it the same in Node.js.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type RunningServer, startServer } from '../client/server.ts'
import { goodPassword } from '../fixtures.ts'
import {
  makeKey,
  type ProviderKey,
  sign,
  startProvider,
  type TestProvider,
} from '../issuers/provider.ts'
import {
  bundleWorker,
  commandOf,
  installBeside,
  type RuntimeName,
  skipWithout,
  startProgram,
} from './runtimes.ts'

const key = await makeKey('first', 'ES256')
const stranger = await makeKey('first', 'ES256')

const now = (): number => Math.floor(Date.now() / 1000)

interface Subject {
  readonly url: string
  readonly provider: TestProvider
}

function tokenOf(provider: TestProvider, changes: object = {}, by = key): Promise<string> {
  const claims = {
    iss: provider.origin,
    sub: 'alice',
    aud: 'https://items.example.com',
    client_id: 'web',
    jti: randomUUID(),
    iat: now(),
    exp: now() + 7200,
    ...changes,
  }
  return sign(by, claims, { typ: 'at+jwt' })
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

/** What goes over the wire, but for the date and what the transport adds. */
async function wireOf(url: string, init?: RequestInit): Promise<object> {
  const response = await fetch(url, init)
  const named = ['cache-control', 'content-type', 'www-authenticate', 'retry-after']
  // What `Response.json` says of the charset is the runtime's own.
  const headers = named.map((name) => response.headers.get(name)?.replace(/; ?charset=utf-8$/, ''))
  return { status: response.status, headers, body: await response.text() }
}

/** The answers to every kind of request, by the name of its kind. */
async function answersOf({ url, provider }: Subject): Promise<Readonly<Record<string, object>>> {
  const token = await tokenOf(provider)
  const reader = await tokenOf(provider, { scope: 'items:read' })
  const post = { method: 'POST', body: '{"a":1}' }
  return {
    'a good token': await wireOf(`${url}/me`, bearer(token)),
    'the same again': await wireOf(`${url}/me`, bearer(token)),
    'no token': await wireOf(`${url}/me`),
    'no token of ours': await wireOf(`${url}/me`, bearer('x.y.z')),
    'two words': await wireOf(`${url}/me`, bearer('a b')),
    'a wrong signature': await wireOf(`${url}/me`, bearer(await tokenOf(provider, {}, stranger))),
    'an expired token': await wireOf(
      `${url}/me`,
      bearer(await tokenOf(provider, { iat: now() - 900, exp: now() - 600 })),
    ),
    'another audience': await wireOf(
      `${url}/me`,
      bearer(await tokenOf(provider, { aud: 'https://other.example.com' })),
    ),
    'another issuer': await wireOf(
      `${url}/me`,
      bearer(await tokenOf(provider, { iss: 'https://other.example.com' })),
    ),
    'a permission that is there': await wireOf(`${url}/items`, bearer(reader)),
    'a permission that is missing': await wireOf(`${url}/items`, bearer(token)),
    'a body': await wireOf(`${url}/notes`, { ...post, ...bearer(token) }),
    'a body without a token': await wireOf(`${url}/notes`, post),
  }
}

async function startSubject(name: RuntimeName | 'node', key: ProviderKey): Promise<Subject> {
  const provider = await startProvider()
  provider.publish([key])
  providers.push(provider)
  const directory = await installBeside(join(import.meta.dirname, 'apps'))
  if (name === 'workerd') await bundleWorker(directory)
  const file = name === 'workerd' ? 'worker.capnp' : 'guarded-server.ts'
  const url = await startProgram(commandOf(name, file), directory, { ISSUER: provider.origin })
  return { url, provider }
}

const providers: TestProvider[] = []
let expected: Readonly<Record<string, object>>
let server: RunningServer

before(async () => {
  expected = await answersOf(await startSubject('node', key))
  server = await startServer()
})
after(async () => {
  await Promise.all([server, ...providers].map((each) => each.close()))
})

/** Requests for keys so far. */
const fetches = ({ provider }: Subject): number =>
  provider.requests.filter((path) => path === '/jwks').length

async function moveClock({ url }: Subject, seconds: number): Promise<void> {
  await fetch(`${url}/clock`, { method: 'POST', body: String(seconds) })
}

/** Waits until the provider was asked for keys this often. */
async function fetched(subject: Subject, times: number): Promise<void> {
  const limit = AbortSignal.timeout(10_000)
  while (fetches(subject) < times) {
    assert.ok(!limit.aborted, 'the keys were not fetched again in the background')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

for (const name of ['bun', 'deno', 'workerd'] as const) {
  describe(name, { skip: skipWithout(name), timeout: 120_000 }, () => {
    let subject: Subject

    before(async () => {
      subject = await startSubject(name, key)
    })

    test('guards answer as in Node.js, to the last byte', async () => {
      const answers = await answersOf(subject)
      assert.deepEqual(answers, expected)
      const statuses = Object.values(answers).map((answer) => (answer as { status: number }).status)
      assert.deepEqual(statuses, [200, 200, 401, 401, 401, 401, 401, 401, 401, 200, 403, 200, 401])
      // Once: a wrong signature of a known key is no reason to ask again.
      assert.equal(fetches(subject), 1)
    })

    test('a key that was just published is found, also after a fetch in the background', async () => {
      const [second, third] = [await makeKey('second', 'ES256'), await makeKey('third', 'ES256')]
      const me = (token: string) => wireOf(`${subject.url}/me`, bearer(token))
      subject.provider.publish([key, second])
      const byNewKey = await me(await tokenOf(subject.provider, {}, second))
      assert.deepEqual(byNewKey, expected['a good token'])
      assert.equal(fetches(subject), 2)

      // The keys are old: the answer does not wait for the fetch, which goes on after it.
      await moveClock(subject, 700)
      assert.deepEqual(await me(await tokenOf(subject.provider)), expected['a good token'])
      await fetched(subject, 3)
      subject.provider.publish([key, second, third])
      const afterwards = await me(await tokenOf(subject.provider, {}, third))
      assert.deepEqual(afterwards, expected['a good token'])
      assert.equal(fetches(subject), 4)
    })

    test('the client logs in, refreshes once for several requests, and logs out', async () => {
      const before = server.requests.length
      const response = await fetch(`${subject.url}/client`, {
        method: 'POST',
        body: JSON.stringify({ url: server.url, password: goodPassword }),
      })
      assert.deepEqual(await response.json(), {
        refused: 'invalid_credentials',
        names: Array.from({ length: 5 }, () => 'alice'),
        events: ['login', 'refresh', 'logout'],
        isLoggedIn: false,
        afterwards: 401,
      })
      const lines = server.requests.slice(before).map(({ line }) => line)
      // A refused login, one that is not, and one exchange.
      assert.equal(lines.filter((line) => line === 'POST /auth/token').length, 3)
      assert.equal(lines.filter((line) => line === 'POST /auth/revoke').length, 1)
    })
  })
}
