import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import express, { type ErrorRequestHandler, type RequestHandler } from 'express'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { answerErrors, guarded, oauthEndpoints, secured } from '../../src/express/index.ts'
import { refine } from '../../src/http/guards/combinators.ts'
import { guard } from '../../src/http/guards/guard.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { Forbidden } from '../../src/http/refusal.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'
import { openSlowly } from '../slow-request.ts'

const auth = await createTestAuth()
const { activeUser, requireRole } = createGuards(auth)
const mistake = new Error('a mistake')
let handled = 0
let onSeen = (): void => {}
const seen = refine(activeUser, (user) => {
  onSeen()
  return user
})
const reached: RequestHandler = (_request, response) => {
  response.json(++handled)
}

const app = express()
app.use(oauthEndpoints(auth))
app.use(oauthEndpoints(auth, { prefix: '/api', revocationPath: '/out' }))
app.post('/register', express.json(), async (request, response) => {
  const { username } = await auth.users.create(request.body)
  response.status(201).json({ username })
})
app.get(
  '/users/:id',
  secured(activeUser, (user, request, response) => {
    response.json({ username: user.username, id: request.params.id })
  }),
)
app.get(
  '/public',
  secured(activeUser, (_user, _request, response) => {
    response.set('cache-control', 'public').end()
  }),
)
app.get(
  '/earlier',
  (_request, response, next) => {
    response.set('cache-control', 'private')
    next()
  },
  secured(activeUser, (_user, _request, response) => void response.end()),
)
let runs = 0
const counting = guard(() => ++runs)
app.all(
  '/counted',
  guarded(counting),
  secured(counting, (run, _request, response) => void response.json(run)),
)
app.get(
  '/mine',
  secured(activeUser, async () => {
    throw new Forbidden('Not your item')
  }),
)
app.get(
  '/mistake',
  secured(
    guard(() => 1),
    () => {
      throw mistake
    },
  ),
)
app.get(
  '/late',
  secured(activeUser, (_user, _request, response) => {
    response.write('begun')
    throw new Forbidden()
  }),
)
app.use('/admin', guarded(requireRole('admin')))
app.get('/admin/stats', reached)
app.post(
  '/items',
  guarded(seen),
  express.json(),
  secured(seen, (_user, request, response, next) => reached(request, response, next)),
)
app.post('/plain', guarded(seen), express.json(), (request, response) => {
  reached(request, response, () => {})
})
app.post('/text', guarded(seen), express.text({ type: '*/*' }), reached)
app.post(
  '/stream',
  secured(seen, async (_user, request, response) => {
    let size = 0
    for await (const chunk of request) size += chunk.length
    reached(request, response, () => {})
    return size
  }),
)
app.get('/forgotten', (request, response) => {
  // What must not end the process.
  requireRole('admin')(request)
  response.end()
})
const answerMistakes: ErrorRequestHandler = (error, _request, response, _next) => {
  if (response.headersSent) response.end()
  else response.status(error === mistake ? 500 : 501).end('answered by the application')
}
app.use(answerErrors)
app.use(answerMistakes)

let server: Server
let url: string
before(async () => {
  server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(async () => {
  server.close()
  await auth.close()
})

async function signUp(username: string, role = 'member') {
  const { id } = await auth.users.create({ username, password: goodPassword, role })
  return { id, headers: { authorization: `Bearer ${await createAccessToken(auth, id)}` } }
}

test('a login, a guarded route and a log-out', async () => {
  await signUp('alice')
  const form = new URLSearchParams({ username: 'alice', password: goodPassword })
  const login = await fetch(`${url}/auth/token`, { method: 'POST', body: form })
  const { access_token } = await login.json()
  const headers = { authorization: `Bearer ${access_token}` }
  const me = await fetch(`${url}/users/7`, { headers })
  assert.deepEqual([me.status, await me.json()], [200, { username: 'alice', id: '7' }])
  assert.equal(me.headers.get('cache-control'), 'no-store')
  const gone = new URLSearchParams({ token: access_token })
  assert.equal((await fetch(`${url}/auth/revoke`, { method: 'POST', body: gone })).status, 200)
  assert.equal((await fetch(`${url}/users/7`, { headers })).status, 401)
})

test('a refusal has its status, headers and body, and the handler is not reached (BR-02)', async () => {
  const { headers } = await signUp('bob')
  const none = await fetch(`${url}/users/7`)
  assert.equal(none.status, 401)
  assert.equal(none.headers.get('www-authenticate'), 'Bearer')
  assert.equal(none.headers.get('cache-control'), 'no-store')
  assert.equal((await none.json()).detail, 'Not authenticated')
  for (const [path, init, status] of [
    ['/admin/stats', {}, 401],
    ['/admin/stats', { headers }, 403],
    ['/items', { method: 'POST', body: '{}' }, 401],
    ['/mine', { headers }, 403],
  ] as const) {
    const answer = await fetch(url + path, init)
    assert.equal(answer.status, status, path)
    assert.match(String(answer.headers.get('content-type')), /^application\/problem\+json/)
  }
  assert.equal(handled, 0)
  const { headers: admin } = await signUp('root', 'admin')
  assert.equal(await (await fetch(`${url}/admin/stats`, { headers: admin })).text(), '1')
})

test('what an application says of caches stays', async () => {
  const { headers } = await signUp('carol')
  const open = await fetch(`${url}/public`, { headers })
  assert.equal(open.headers.get('cache-control'), 'public')
  const earlier = await fetch(`${url}/earlier`, { headers })
  assert.equal(earlier.headers.get('cache-control'), 'private')
})

test('a guard runs once, and not again for a body that nobody reads', async () => {
  const value = async (init?: RequestInit) => (await fetch(`${url}/counted`, init)).json()
  assert.equal(await value(), 1)
  assert.equal(await value({ method: 'POST', body: 'content' }), 2)
  assert.equal(await value({ method: 'DELETE' }), 3)
})

test('what an endpoint cannot answer is left to the application', async (t) => {
  const broken = express()
  broken.use(oauthEndpoints(auth), answerMistakes)
  t.mock.method(auth.clients, 'authenticate', () => Promise.reject(mistake))
  const other = broken.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const body = new URLSearchParams({ token: 'x' })
  const answer = await fetch(`http://127.0.0.1:${port}/auth/revoke`, { method: 'POST', body })
  assert.deepEqual([answer.status, await answer.text()], [500, 'answered by the application'])
  other.close()
})

test('an error that is no refusal, or comes too late for one, is left to the application', async () => {
  const answer = await fetch(`${url}/mistake`)
  assert.deepEqual([answer.status, await answer.text()], [500, 'answered by the application'])
  const { headers } = await signUp('dave')
  assert.equal(await (await fetch(`${url}/late`, { headers })).text(), 'begun')
})

for (const path of ['/items', '/plain', '/text', '/stream']) {
  test(`who was deactivated before the body of ${path} came is refused, and who was not is served (AZ-08)`, async () => {
    const { id, headers } = await signUp(`slow${path.slice(1)}`)
    for (const isActive of [true, false]) {
      const before = handled
      const looked = new Promise<void>((resolve) => {
        onSeen = resolve
      })
      const request = openSlowly(`${url}${path}`, { headers, body: { a: 1 } })
      await looked
      if (!isActive) await auth.users.deactivate(id)
      const { status } = await request.finish()
      assert.deepEqual([status, handled], isActive ? [200, before + 1] : [403, before])
    }
  })
}

test('a guard that nobody awaits does not end the process', async () => {
  assert.equal((await fetch(`${url}/forgotten`)).status, 200)
  assert.equal((await fetch(`${url}/users/7`)).status, 401)
})

test('what is no guard throws at once, and opens no route', () => {
  // @ts-expect-error a function that returns a guard would let everybody pass
  assert.throws(() => guarded(() => requireRole('admin')), TypeError)
  // @ts-expect-error
  assert.throws(() => secured(() => activeUser, reached), TypeError)
})

test('an error of the library in a route without a guard is answered as what it is', async () => {
  await signUp('taken')
  const register = async (username: string, password: string) => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ username, password })
    const answer = await fetch(`${url}/register`, { method: 'POST', headers, body })
    return [answer.status, answer.headers.get('content-type')]
  }
  const problem = 'application/problem+json; charset=utf-8'
  assert.deepEqual(await register('taken', goodPassword), [409, problem])
  assert.deepEqual(await register('erin', 'short'), [422, problem])
  assert.deepEqual(await register('erin', goodPassword), [201, 'application/json; charset=utf-8'])
})

test('the OAuth endpoints are below a prefix, or at a path of yours', async () => {
  const status = async (path: string) => (await fetch(url + path, { method: 'POST' })).status
  const paths = ['/api/auth/token', '/api/out', '/api/auth/revoke']
  assert.deepEqual(await Promise.all(paths.map(status)), [400, 400, 404])
})
