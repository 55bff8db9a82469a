import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { AuthClient } from '../../src/client/auth-client.ts'
import { AuthClientError, type AuthClientErrorCode } from '../../src/client/client-error.ts'
import { createClient } from '../../src/client/create-client.ts'
import { readStepUp, type StepUpRequest } from '../../src/client/step-up.ts'
import { memoryStorage, type TokenStorage } from '../../src/client/token-storage.ts'
import { secured } from '../../src/fastify/secured.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { goodPassword } from '../fixtures.ts'
import { type RunningServer, startServer } from './server.ts'

let server: RunningServer

before(async () => {
  server = await startServer((app, auth) => {
    const recent = createGuards(auth).requireRecentLogin({ maxAge: 60 })
    app.post(
      '/recent',
      secured(recent, (_user, request) => request.body),
    )
  })
})
after(() => server.close())

let storage: TokenStorage
let asked: StepUpRequest[]
/** What the user does when asked. */
let answer: () => Promise<void>
let client: AuthClient

beforeEach(async () => {
  storage = memoryStorage()
  asked = []
  answer = () => client.stepUp(goodPassword)
  client = createClient({
    url: server.url,
    storage,
    onStepUp(request) {
      asked.push(request)
      return answer()
    },
  })
  await client.login('alice', goodPassword)
  server.clock.advance(61)
})

const recent = (text = 'hello', by = client): Promise<Response> =>
  by.fetch('/recent', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  })

const refused = (code: AuthClientErrorCode) => (error: unknown) =>
  error instanceof AuthClientError && error.code === code

test('a request that needs a recent login is sent once more after a step-up', async () => {
  const { refreshToken, scope, accessToken } = storage.read() ?? {}
  const start = server.requests.length
  const response = await recent()
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), { text: 'hello' })
  assert.deepEqual(asked, [{ maxAge: 60 }])
  assert.deepEqual(
    server.requests.slice(start).map(({ line }) => line),
    ['POST /recent', 'POST /auth/step-up', 'POST /recent'],
  )
  const now = storage.read()
  assert.notEqual(now?.accessToken, accessToken)
  assert.deepEqual([now?.refreshToken, now?.scope], [refreshToken, scope])
})

test('requests at the same time ask once', async () => {
  const responses = await Promise.all(['a', 'b', 'c'].map((text) => recent(text)))
  assert.deepEqual(await Promise.all(responses.map((each) => each.json())), [
    ...[{ text: 'a' }, { text: 'b' }, { text: 'c' }],
  ])
  assert.equal(asked.length, 1)
})

test('where the user does not step up, the answer is the 401, and nothing is exchanged', async () => {
  answer = async () => {}
  const start = server.requests.length
  const response = await recent()
  assert.equal(response.status, 401)
  assert.deepEqual(readStepUp(response), { maxAge: 60 })
  assert.equal(server.requests.length, start + 1)
})

test('without anybody to ask, too', async () => {
  const silent = createClient({ url: server.url, storage })
  const start = server.requests.length
  assert.equal((await recent('x', silent)).status, 401)
  assert.equal(server.requests.length, start + 1)
  await silent.stepUp(goodPassword)
  assert.equal((await recent('x', silent)).status, 200)
})

test('a token that the server refuses is exchanged first, and then the user is asked', async () => {
  const tokens = storage.read()
  assert.ok(tokens)
  storage.write({ ...tokens, accessToken: `${tokens.accessToken.slice(0, -4)}AAAA` })
  assert.equal((await recent()).status, 200)
  assert.equal(asked.length, 1)
})

test('a wrong password is a typed error, which the request has too', async () => {
  const before = storage.read()
  answer = () => client.stepUp('a wrong password')
  await assert.rejects(recent(), refused('invalid_credentials'))
  assert.deepEqual(storage.read(), before)
})

test('who is not logged in steps nowhere, and nor does an ended session', async () => {
  const before = storage.read()
  assert.ok(before)
  await client.logout()
  await assert.rejects(client.stepUp(goodPassword), refused('session_ended'))
  storage.write(before)
  await assert.rejects(client.stepUp(goodPassword), refused('session_ended'))
})

test('a log-out while the step-up is under way holds', async () => {
  const steppedUp = client.stepUp(goodPassword)
  const loggedOut = client.logout()
  await assert.rejects(steppedUp, refused('session_ended'))
  await loggedOut
  assert.equal(client.isLoggedIn(), false)
})

test('the challenge is read as servers write it', () => {
  const answered = (header: string, status = 401): Response =>
    new Response(null, { status, headers: { 'www-authenticate': header } })
  const error = 'Bearer error="insufficient_user_authentication"'
  assert.deepEqual(readStepUp(answered(`${error}, max_age="5"`)), { maxAge: 5 })
  assert.deepEqual(readStepUp(answered(error)), { maxAge: undefined })
  for (const other of [
    answered('Bearer'),
    answered('Bearer error="invalid_token"'),
    answered(`${error}, max_age="5"`, 403),
    new Response(null, { status: 401 }),
  ]) {
    assert.equal(readStepUp(other), null)
  }
})

test('onStepUp must be a function', () => {
  assert.throws(() => createClient({ url: server.url, onStepUp: true as never }), TypeError)
})
