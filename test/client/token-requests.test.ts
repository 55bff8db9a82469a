// What the client sends to the OAuth endpoints, and what it makes of their answers.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type TestContext, test } from 'node:test'
import { AuthClientError } from '../../src/client/client-error.ts'
import { createClient } from '../../src/client/create-client.ts'
import type { ShownFactor } from '../../src/client/second-factor.ts'
import { memoryStorage } from '../../src/client/token-storage.ts'
import { internals } from '../../src/core/internals.ts'
import { goodPassword } from '../fixtures.ts'
import { deviceOf } from '../server/factors/device.ts'
import { startServer } from './server.ts'

/** Listens until the test ends; returns its URL. */
async function listen(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return `http://127.0.0.1:${address.port}`
}

const failure = async (promise: Promise<unknown>): Promise<AuthClientError> => {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(error instanceof AuthClientError)
  return error
}

test('a client with an id names it at login, refresh and log-out; one without names none', async (t) => {
  const server = await startServer()
  t.after(() => server.close())
  await server.auth.clients.register({ id: 'spa', name: 'A page', confidential: false })
  for (const [options, expected] of [
    [{ clientId: 'spa' }, 'spa'],
    [{}, 'first-party'],
  ] as const) {
    const storage = memoryStorage()
    const forms: URLSearchParams[] = []
    const recording: typeof fetch = (input, init) => {
      if (init?.body instanceof URLSearchParams) forms.push(init.body)
      return fetch(input, init)
    }
    const client = createClient({ url: server.url, storage, fetch: recording, ...options })
    await client.login('alice', goodPassword)
    const session = await server.auth.sessions.find(storage.read()?.refreshToken ?? '')
    assert.equal(session?.clientId, expected)
    server.clock.advance(16 * 60)
    assert.equal((await client.fetch('me')).status, 200)
    await client.logout()
    assert.notEqual((await server.auth[internals].store.sessions.find(session.id))?.revokedAt, null)
    assert.deepEqual(
      forms.map((form) => form.get('client_id')),
      Array(3).fill('clientId' in options ? 'spa' : null),
    )
  }
})

test('a password does not follow a redirect to somewhere else', async (t) => {
  const seen: (string | undefined)[] = []
  const stranger = await listen(t, (request, response) => {
    seen.push(request.url)
    response.end('{"access_token":"a","expires_in":900}')
  })
  const url = await listen(t, (_request, response) => {
    response.writeHead(307, { location: `${stranger}/auth/token` }).end()
  })
  const { code } = await failure(createClient({ url }).login('alice', goodPassword))
  assert.equal(code, 'unavailable')
  assert.deepEqual(seen, [])
})

test('login and log-out give up a server that does not answer after 30 seconds', {
  timeout: 30_000,
}, async (t) => {
  const url = await listen(t, () => {})
  const limits: number[] = []
  const { timeout } = AbortSignal
  t.mock.method(AbortSignal, 'timeout', (milliseconds: number) => {
    limits.push(milliseconds)
    return timeout.call(AbortSignal, 1)
  })
  const storage = memoryStorage()
  const client = createClient({ url, storage })
  const error = await failure(client.login('alice', goodPassword))
  assert.equal(error.code, 'unavailable')
  assert.equal(error.message, 'The server did not answer within 30 seconds; try again.')
  storage.write({ accessToken: 'a', refreshToken: 'r', expiresAt: 0, scope: '' })
  const loggedOut = client.logout()
  assert.equal(client.isLoggedIn(), false)
  assert.equal((await failure(loggedOut)).code, 'unavailable')
  assert.deepEqual(limits, [30_000, 30_000])
})

test('of a server without an answer the message names both that it may be, its URL and CORS', async () => {
  const { message, status } = await failure(
    createClient({ url: 'http://127.0.0.1:1' }).login('alice', goodPassword),
  )
  assert.match(
    message,
    /^The server cannot be reached, or does not let pages .* \(CORS\); check its URL/,
  )
  assert.equal(status, undefined)
})

test('the end of a token is reckoned in whole seconds from when it came', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_999 })
  const storage = memoryStorage()
  const answer = { access_token: 'a', expires_in: 900, refresh_token: 'r', scope: 'x y' }
  const client = createClient({
    url: 'http://server.example',
    storage,
    fetch: async () => Response.json(answer),
  })
  await client.login('alice', goodPassword)
  assert.deepEqual(storage.read(), {
    accessToken: 'a',
    refreshToken: 'r',
    expiresAt: 1_800_000_900,
    scope: 'x y',
  })
})

test('an answer that is no token of a known end is no login', async () => {
  const odd = [{ access_token: 1, expires_in: 900 }, { access_token: 'a', expires_in: '900' }, null]
  for (const body of odd) {
    const storage = memoryStorage()
    const fetch = async (): Promise<Response> => Response.json(body)
    const client = createClient({ url: 'http://odd.example', storage, fetch })
    assert.equal((await failure(client.login('alice', goodPassword))).code, 'unavailable')
    assert.equal(storage.read(), null)
  }
})

test('each status of a refusal has its code, from the first to the last of its kind', async () => {
  const cases = [
    [400, 'refused'],
    [428, 'refused'],
    [429, 'throttled'],
    [430, 'refused'],
    [499, 'refused'],
    [500, 'unavailable'],
    [503, 'unavailable'],
    [599, 'unavailable'],
  ] as const
  for (const [status, code] of cases) {
    const fetch = async (): Promise<Response> =>
      Response.json({ detail: 'Why.' }, { status, headers: { 'retry-after': '42' } })
    const client = createClient({ url: 'http://server.example', fetch })
    const error = await failure(client.login('alice', goodPassword))
    assert.deepEqual([error.code, error.status, error.retryAfter], [code, status, 42])
  }
})

for (const incorrectPassword of [400, 401] as const) {
  test(`a server that is like FastAPI, with ${incorrectPassword}, says that a password is wrong, and when a session has ended`, async (t) => {
    const compatibility = { like: 'fastapi', incorrectPassword } as const
    const server = await startServer(() => {}, { compatibility })
    t.after(() => server.close())
    const client = createClient({ url: server.url })
    const wrong = await failure(client.login('alice', 'wrong'))
    assert.deepEqual([wrong.code, wrong.status], ['invalid_credentials', incorrectPassword])
    await client.login('alice', goodPassword)
    server.clock.advance(366 * 24 * 60 * 60)
    assert.equal((await client.fetch('me')).status, 401)
    assert.equal(client.isLoggedIn(), false)
  })
}

test('a server that is like FastAPI says what was wrong with a step-up', async (t) => {
  const compatibility = { like: 'fastapi', incorrectPassword: 401 } as const
  const server = await startServer(() => {}, { compatibility, factors: {} })
  t.after(() => server.close())
  const client = createClient({ url: server.url })
  await client.login('alice', goodPassword)
  const stepUp = async (shown: string | ShownFactor) => {
    const { code, message } = await failure(client.stepUp(shown))
    return [code, message]
  }
  assert.deepEqual(await stepUp('wrong'), ['invalid_credentials', 'The password is not right.'])
  const { id } = (await server.auth.users.findByUsername('alice')) ?? assert.fail()
  const begun = (await server.auth.factors?.beginTotp({ userId: id })) ?? assert.fail()
  const device = deviceOf(server, begun)
  const [session] = await server.auth.sessions.list(id)
  const sessionId = session?.id ?? ''
  const confirmation = { userId: id, id: begun.id, otp: device.code(), sessionId }
  await server.auth.factors?.confirmTotp(confirmation)
  assert.deepEqual(await stepUp(goodPassword), [
    'second_factor_needed',
    'The password alone is not enough: show the second factor.',
  ])
  assert.deepEqual(await stepUp({ otp: device.wrong() }), [
    'invalid_credentials',
    'The code is not right.',
  ])
})
