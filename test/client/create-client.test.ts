import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, before, beforeEach, test } from 'node:test'
import type { AuthClient, ClientEvent } from '../../src/client/auth-client.ts'
import { AuthClientError, type AuthClientErrorCode } from '../../src/client/client-error.ts'
import { createClient } from '../../src/client/create-client.ts'
import { memoryStorage, type TokenStorage } from '../../src/client/token-storage.ts'
import { internals } from '../../src/core/internals.ts'
import { goodPassword } from '../fixtures.ts'
import { type RunningServer, startServer } from './server.ts'

let server: RunningServer

before(async () => {
  server = await startServer()
})
after(() => server.close())

let storage: TokenStorage
let client: AuthClient
let events: ClientEvent[]

beforeEach(() => {
  storage = memoryStorage()
  client = createClient({ url: server.url, storage })
  events = []
  client.subscribe((event) => events.push(event))
})

const refused = (code: AuthClientErrorCode) => (error: unknown) =>
  error instanceof AuthClientError && error.code === code

/** How often the server exchanged tokens since it had seen this many requests. */
const exchangesSince = (start: number): number =>
  server.requests.slice(start).filter(({ line }) => line === 'POST /auth/token').length

test('after a login, fetch adds the token; after a log-out the session is over', async () => {
  assert.equal((await client.fetch('/me')).status, 401)
  await client.login('alice', goodPassword)
  assert.equal(client.isLoggedIn(), true)
  const me = await client.fetch('/me')
  assert.equal((await me.json()).username, 'alice')
  const { accessToken } = storage.read() ?? {}
  await client.logout()
  assert.equal(client.isLoggedIn(), false)
  assert.deepEqual(client.scopes(), [])
  const stolen = { headers: { authorization: `Bearer ${accessToken}` } }
  assert.equal((await client.fetch('/me', stolen)).status, 401)
  assert.deepEqual(events, [{ type: 'login' }, { type: 'logout', reason: 'asked' }])
})

test('a wrong password is a typed error, and who was logged in still is', async () => {
  await client.login('alice', goodPassword)
  await assert.rejects(client.login('alice', 'a wrong password'), refused('invalid_credentials'))
  assert.equal((await client.fetch('/me')).status, 200)
})

test('a scope that the server does not grant is refused with its reason', async () => {
  await assert.rejects(client.login('alice', goodPassword, { scope: 'reports:read' }), (error) => {
    assert.ok(error instanceof AuthClientError)
    assert.equal(error.code, 'refused')
    assert.equal(error.status, 400)
    assert.match(error.message, /: The scope names a permission that does not exist\.$/)
    return true
  })
})

test('too many failures are throttled, with the seconds to wait', async () => {
  const attempts = Array.from({ length: 40 }, () =>
    client.login('mallory', 'a wrong password').catch((error: unknown) => error),
  )
  const throttled = (await Promise.all(attempts)).find(refused('throttled'))
  assert.ok(throttled instanceof AuthClientError)
  assert.equal(throttled.status, 429)
  assert.ok((throttled.retryAfter ?? 0) > 0)
})

test('a server that cannot be reached is unavailable, and the tokens are kept', async () => {
  await client.login('alice', goodPassword)
  const tokens = storage.read()
  assert.ok(tokens)
  const lost = createClient({ url: 'http://127.0.0.1:1', storage })
  storage.write({ ...tokens, expiresAt: 0 })
  await assert.rejects(lost.fetch('/me'), refused('unavailable'))
  assert.equal(lost.isLoggedIn(), true)
  await assert.rejects(lost.logout(), refused('unavailable'))
  assert.equal(lost.isLoggedIn(), false)
})

test('an answer without a token is no login', async () => {
  const json = async () => Response.json({ hello: 'world' })
  const odd = createClient({ url: 'http://odd.example', fetch: json })
  await assert.rejects(odd.login('alice', goodPassword), refused('unavailable'))
})

test('many requests whose token expired are answered after one exchange', async () => {
  await client.login('alice', goodPassword)
  server.clock.advance(16 * 60)
  const start = server.requests.length
  const answers = await Promise.all(Array.from({ length: 25 }, () => client.fetch('/me')))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  assert.equal(exchangesSince(start), 1)
  assert.deepEqual(events.slice(1), [{ type: 'refresh' }])
})

test('a token about to expire is exchanged before it is sent', async () => {
  await client.login('alice', goodPassword)
  const tokens = storage.read()
  assert.ok(tokens)
  storage.write({ ...tokens, expiresAt: Math.floor(Date.now() / 1000) + 5 })
  const start = server.requests.length
  assert.equal((await client.fetch('/me')).status, 200)
  assert.deepEqual(
    server.requests.slice(start).map(({ line }) => line),
    ['POST /auth/token', 'GET /me'],
  )
})

test('the body of a request that is sent again is whole', async () => {
  await client.login('alice', goodPassword)
  server.clock.advance(16 * 60)
  const body = new Blob([
    '{"old_password":"',
    goodPassword,
    '","new_password":"',
    goodPassword,
    '"}',
  ])
  const headers = { 'content-type': 'application/json' }
  // The new password equals the old one. A 204 says that the server read the body.
  const answer = await client.fetch('/me/password', {
    method: 'PUT',
    headers,
    body: body.stream(),
    duplex: 'half',
  } as RequestInit)
  assert.equal(answer.status, 204)
})

test('a session that was ended logs the client out, and the answer is the 401', async () => {
  await client.login('alice', goodPassword)
  const { id } = await sessionOfClient()
  await server.auth.sessions.end(id)
  assert.equal((await client.fetch('/me')).status, 401)
  assert.equal(client.isLoggedIn(), false)
  assert.deepEqual(events.at(-1), { type: 'logout', reason: 'ended' })
})

async function sessionOfClient() {
  const { refreshToken = '' } = storage.read() ?? {}
  const session = await server.auth.sessions.find(refreshToken)
  assert.ok(session)
  return session
}

test('a log-out while tokens are exchanged leaves nobody logged in', async () => {
  await client.login('alice', goodPassword)
  const session = await sessionOfClient()
  server.clock.advance(16 * 60)
  const [, answer] = await Promise.all([client.logout(), client.fetch('/me')])
  assert.equal(answer.status, 401)
  assert.equal(client.isLoggedIn(), false)
  const after = await server.auth[internals].store.sessions.find(session.id)
  assert.notEqual(after?.revokedAt, null)
})

test('what another tab does with the storage is told once, until the client is closed', async () => {
  let listener: (() => void) | undefined
  const shared: TokenStorage = {
    ...storage,
    subscribe(told) {
      listener = told
      return () => {
        listener = undefined
      }
    },
  }
  const { login, subscribe, close } = createClient({ url: server.url, storage: shared })
  subscribe((event) => events.push(event))
  const tokens = { accessToken: 'a', expiresAt: 1, scope: '' }
  listener?.()
  assert.deepEqual(events, [], 'nobody was logged in before')
  storage.write(tokens)
  listener?.()
  storage.write({ ...tokens, accessToken: 'b' })
  listener?.()
  assert.deepEqual(events, [{ type: 'login' }], 'new tokens are no new login')
  storage.write(null)
  listener?.()
  assert.deepEqual(events.slice(1), [{ type: 'logout', reason: 'elsewhere' }])
  await login('alice', goodPassword)
  listener?.()
  assert.deepEqual(events.slice(2), [{ type: 'login' }])
  const another = createClient({ url: server.url, storage: shared })
  another.subscribe((event) => events.push(event))
  listener?.()
  assert.equal(events.length, 3, 'who was logged in at the start is no news')
  close()
  assert.equal(listener, undefined)
})

test('a new login ends the earlier session', async () => {
  await client.login('alice', goodPassword)
  const { id } = await sessionOfClient()
  await client.login('alice', goodPassword)
  assert.notEqual((await server.auth[internals].store.sessions.find(id))?.revokedAt, null)
  assert.equal((await client.fetch('/me')).status, 200)
})

test('an exchange whose answer was lost is asked for once more, and the session lives', async () => {
  let losses = 1
  const lossy: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (String(input).endsWith('/auth/token') && String(init?.body).includes('refresh_token=')) {
      if (losses-- > 0) throw new TypeError('the connection was lost')
    }
    return response
  }
  const unlucky = createClient({ url: server.url, fetch: lossy })
  await unlucky.login('alice', goodPassword)
  server.clock.advance(16 * 60)
  assert.equal((await unlucky.fetch('/me')).status, 200)
  assert.equal(losses, -1)
  server.clock.advance(16 * 60)
  assert.equal((await unlucky.fetch('/me')).status, 200)
})

test('the token goes to the origin of the server and those named, and to no other', async () => {
  const seen: (string | undefined)[] = []
  const stranger = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end()
  })
  stranger.listen(0, '127.0.0.1')
  await once(stranger, 'listening')
  const address = stranger.address()
  assert.ok(address !== null && typeof address === 'object')
  const origin = `http://127.0.0.1:${address.port}`
  await client.login('alice', goodPassword)
  await client.fetch(`${origin}/api`)
  const trusting = createClient({ url: server.url, storage, origins: [origin] })
  await trusting.fetch(`${origin}/api`)
  stranger.close()
  assert.equal(seen[0], undefined)
  assert.equal(seen[1], `Bearer ${storage.read()?.accessToken}`)
})

test('options that cannot be used are refused in words', () => {
  const refused = [
    [undefined, /needs the url/],
    [{}, /needs the url/],
    [{ url: 'no url' }, /needs the url/],
    [{ url: 'http://localhost', origins: 'http://localhost' }, /origins .* must be a list/],
    [{ url: 'http://localhost', origins: ['nowhere'] }, /origins .* must be a list/],
    [
      { url: 'http://localhost', clientID: 'app' },
      /has no option clientID\. The options are: url,/,
    ],
    [{ url: 'http://localhost', clientId: 5 }, /clientId .* must be a text/],
    [{ url: 'http://localhost', fetch: 5 }, /fetch .* must be a function/],
    [{ url: 'http://localhost', storage: 5 }, /storage .* must have read and write/],
    [{ url: 'http://localhost', storage: { read: () => null } }, /storage .* must have read/],
  ] as const
  for (const [options, message] of refused) {
    assert.throws(() => createClient(options as never), { name: 'TypeError', message })
  }
})

test('a login with a misspelt option is refused: it would be granted everything', async () => {
  const client = createClient({ url: 'http://localhost' })
  await assert.rejects(client.login('alice', 'x', { scopes: 'stats:read' } as never), {
    name: 'TypeError',
    message: 'login has no option scopes. The options are: scope.',
  })
})
