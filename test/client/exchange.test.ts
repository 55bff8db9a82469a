// Exchanges of tokens: who waits for one, what comes meanwhile, and when one is tried again.

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { AuthClient } from '../../src/client/auth-client.ts'
import { AuthClientError, type AuthClientErrorCode } from '../../src/client/client-error.ts'
import { createClient } from '../../src/client/create-client.ts'
import { memoryStorage, type TokenStorage } from '../../src/client/token-storage.ts'
import { goodPassword } from '../fixtures.ts'
import { type RunningServer, startServer } from './server.ts'

let server: RunningServer
let storage: TokenStorage
/** Called for each request to the token endpoint, instead of it if it answers. */
let onExchange: () => Promise<Response | undefined>
let client: AuthClient

before(async () => {
  server = await startServer()
})
after(() => server.close())

beforeEach(async () => {
  storage = memoryStorage()
  onExchange = async () => undefined
  const watching: typeof fetch = async (input, init) => {
    const isExchange = String(init?.body).includes('grant_type=refresh_token')
    return (isExchange && (await onExchange())) || (await fetch(input, init))
  }
  client = createClient({ url: server.url, storage, fetch: watching })
  await client.login('alice', goodPassword)
})

/** Makes the token one that has to be exchanged before it is sent. */
function expire(): void {
  const tokens = storage.read()
  assert.ok(tokens)
  storage.write({ ...tokens, expiresAt: 0 })
}

const refused = (code: AuthClientErrorCode) => (error: unknown) =>
  error instanceof AuthClientError && error.code === code

/** Counts exchanges, each of which comes to this. */
function answerWith(outcome: () => Promise<Response | undefined>): { times: number } {
  const counted = { times: 0 }
  onExchange = () => {
    counted.times += 1
    return outcome()
  }
  return counted
}

test('an exchange that the server refuses for now is not tried again by itself', async () => {
  const exchanges = answerWith(async () => Response.json({}, { status: 503 }))
  expire()
  await assert.rejects(client.fetch('me'), refused('unavailable'))
  assert.equal(exchanges.times, 1)
  assert.equal(client.isLoggedIn(), true)
})

test('an exchange that was lost late is not tried again: its grace is over', async (t) => {
  const begun = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: begun })
  const exchanges = answerWith(async () => {
    t.mock.timers.setTime(begun + 5_001)
    throw new TypeError('the connection was lost')
  })
  expire()
  await assert.rejects(client.fetch('me'), refused('unavailable'))
  assert.equal(exchanges.times, 1)
})

test('many requests share one exchange that fails, and the next makes its own', async () => {
  const exchanges = answerWith(async () => Response.json({}, { status: 503 }))
  expire()
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => client.fetch('me')))
  assert.ok(answers.every(({ status }) => status === 'rejected'))
  assert.equal(exchanges.times, 1)
  onExchange = async () => undefined
  assert.equal((await client.fetch('me')).status, 200)
})

test('a log-out forgets the tokens at once, and an exchange under way does not bring them back', async () => {
  const { promise: asked, resolve: tellAsked } = Promise.withResolvers<void>()
  const { promise: released, resolve: release } = Promise.withResolvers<undefined>()
  const exchanges = answerWith(() => {
    tellAsked()
    return released
  })
  expire()
  const answer = client.fetch('me')
  await asked
  const loggedOut = client.logout()
  assert.equal(client.isLoggedIn(), false)
  await loggedOut
  release(undefined)
  assert.equal((await answer).status, 401)
  assert.equal(client.isLoggedIn(), false)
  assert.equal(exchanges.times, 1)
})

test('a login during an exchange holds, whatever the exchange comes to', async () => {
  for (const outcome of [undefined, Response.json({ error: 'invalid_grant' }, { status: 400 })]) {
    const { promise: asked, resolve: tellAsked } = Promise.withResolvers<void>()
    const { promise: released, resolve: release } = Promise.withResolvers<Response | undefined>()
    answerWith(() => {
      tellAsked()
      return released
    })
    expire()
    const answer = client.fetch('me')
    await asked
    await client.login('alice', goodPassword)
    const tokens = storage.read()
    release(outcome)
    assert.equal((await answer).status, 200)
    assert.deepEqual(storage.read(), tokens)
  }
})

test('a log-out that comes before the answer to a login leaves nobody logged in', async () => {
  const user = await server.auth.users.findByUsername('alice')
  assert.ok(user)
  const { length: live } = await server.auth.sessions.list(user.id)
  const login = client.login('alice', goodPassword)
  await client.logout()
  await assert.rejects(login, refused('session_ended'))
  assert.equal(client.isLoggedIn(), false)
  // Neither the one that was logged out nor that of the late answer is left.
  assert.equal((await server.auth.sessions.list(user.id)).length, live - 1)
})

test('the signal of a request ends its wait for an exchange', { timeout: 60_000 }, async () => {
  for (const isLate of [false, true]) {
    for (const prepare of [expire, () => server.clock.advance(16 * 60)]) {
      const { promise: released, resolve: release } = Promise.withResolvers<undefined>()
      const { promise: asked, resolve: tellAsked } = Promise.withResolvers<void>()
      const controller = new AbortController()
      const reason = new Error('the page was left')
      answerWith(() => {
        if (!isLate) controller.abort(reason)
        tellAsked()
        return released
      })
      prepare()
      const answer = client.fetch('me', { signal: controller.signal })
      const ended = assert.rejects(answer, reason)
      await asked
      // The request waits by now.
      await Promise.resolve()
      if (isLate) controller.abort(reason)
      await ended
      release(undefined)
      assert.equal((await client.fetch('me')).status, 200)
    }
  }
})

test('an Authorization header of one’s own is sent as it is, and its refusal exchanges nothing', async () => {
  const start = server.requests.length
  const headers = { authorization: 'Bearer of-my-own' }
  assert.equal((await client.fetch('me', { headers })).status, 401)
  assert.deepEqual(
    server.requests.slice(start).map(({ line }) => line),
    ['GET /me'],
  )
  assert.equal(client.isLoggedIn(), true)
})

test('a relative URL is resolved as a link: below the path of the server, or from its origin', async () => {
  const seen: string[] = []
  const fetch = async (input: string | URL | Request): Promise<Response> => {
    seen.push(new Request(input).url)
    return new Response()
  }
  for (const url of ['https://h.example/id', 'https://h.example/id/']) {
    const below = createClient({ url, fetch })
    for (const path of ['me', './me', '/me', 'https://h.example/x']) await below.fetch(path)
  }
  const expected = ['/id/me', '/id/me', '/me', '/x'].map((path) => `https://h.example${path}`)
  assert.deepEqual(seen, [...expected, ...expected])
})
