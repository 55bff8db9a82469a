import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { serve } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { createAccessToken } from '../../src/core/create-access-token.ts'
import { answerErrors, guarded, oauthEndpoints, secured } from '../../src/hono/index.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { Forbidden } from '../../src/http/refusal.ts'
import { guard, refine } from '../../src/web/index.ts'
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
const reached = (context: Context) => context.text(String(++handled))

const app = new Hono()
app.use(oauthEndpoints(auth, () => '192.0.2.1'))
app.get(
  '/me',
  secured(activeUser, (user, context) => context.json({ username: user.username })),
)
app.get(
  '/public',
  secured(activeUser, (_user, context) => {
    context.header('cache-control', 'public')
    return context.text('')
  }),
)
app.get(
  '/mine',
  secured(activeUser, () => {
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
  '/elsewhere',
  secured(activeUser, () => Response.redirect('https://example.com/')),
)
app.post(
  '/items',
  secured(seen, async (_user, context) => {
    await context.req.json()
    return reached(context)
  }),
)
app.use('/admin/*', guarded(requireRole('admin')))
app.get('/admin/stats', reached)
app.use('/slow/*', guarded(seen))
app.post('/slow/items', async (context) => {
  await context.req.parseBody()
  return reached(context)
})
app.get('/forgotten', (context) => {
  // What must not end the process.
  requireRole('admin')(context.req.raw)
  return context.text('')
})
app.onError((_error, context) => context.text('answered by the application', 500))

let server: Server
let url: string
before(async () => {
  server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }) as Server
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
  const me = await fetch(`${url}/me`, { headers })
  assert.deepEqual([me.status, await me.json()], [200, { username: 'alice' }])
  assert.equal(me.headers.get('cache-control'), 'no-store')
  const gone = new URLSearchParams({ token: access_token })
  assert.equal((await fetch(`${url}/auth/revoke`, { method: 'POST', body: gone })).status, 200)
  assert.equal((await fetch(`${url}/me`, { headers })).status, 401)
})

test('a refusal has its status, headers and body, and the handler is not reached (BR-02)', async () => {
  const { headers } = await signUp('bob')
  const none = await fetch(`${url}/me`)
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

test('what an application says of caches stays, and what cannot be changed is sent', async () => {
  const { headers } = await signUp('carol')
  const open = await fetch(`${url}/public`, { headers })
  assert.equal(open.headers.get('cache-control'), 'public')
  const elsewhere = await fetch(`${url}/elsewhere`, { headers, redirect: 'manual' })
  assert.equal(elsewhere.status, 302)
  assert.equal(elsewhere.headers.get('cache-control'), 'no-store')
})

test('an error that is no refusal is left to the application', async () => {
  const answer = await fetch(`${url}/mistake`)
  assert.deepEqual([answer.status, await answer.text()], [500, 'answered by the application'])
})

for (const path of ['/items', '/slow/items']) {
  test(`${path}: who was deactivated before the body came is refused (AZ-08)`, async () => {
    const { id, headers } = await signUp(`slow${path.length}`)
    const before = handled
    const looked = new Promise<void>((resolve) => {
      onSeen = resolve
    })
    const type = path === '/items' ? 'application/json' : 'application/x-www-form-urlencoded'
    const options = { headers: { ...headers, 'content-type': type }, body: { a: 1 } }
    const request = openSlowly(url + path, options)
    await looked
    await auth.users.deactivate(id)
    assert.equal((await request.finish()).status, 403)
    assert.equal(handled, before)
  })
}

test('a guard that nobody awaits does not end the process', async () => {
  assert.equal((await fetch(`${url}/forgotten`)).status, 200)
  assert.equal((await fetch(`${url}/me`)).status, 401)
})

test('what is no guard throws at once, and opens no route', () => {
  // @ts-expect-error a function that returns a guard would let everybody pass
  assert.throws(() => guarded(() => requireRole('admin')), TypeError)
  // @ts-expect-error
  assert.throws(() => secured(() => activeUser, reached), TypeError)
})

test('an error of the library in a route without a guard is answered as what it is', async (t) => {
  await signUp('taken')
  const logged = t.mock.method(console, 'error', () => {})
  const own = new Hono()
  own.post('/register', async (context) => {
    const { username } = await auth.users.create(await context.req.json())
    return context.json({ username }, 201)
  })
  own.get('/mistake', () => {
    throw mistake
  })
  own.get('/teapot', () => {
    throw new HTTPException(418, { message: 'a teapot' })
  })
  own.onError(answerErrors)
  const register = async (username: string, password: string) => {
    const body = JSON.stringify({ username, password })
    const answer = await own.request('/register', { method: 'POST', body })
    return [answer.status, answer.headers.get('content-type')]
  }
  const problem = 'application/problem+json; charset=utf-8'
  assert.deepEqual(await register('taken', goodPassword), [409, problem])
  assert.deepEqual(await register('erin', 'short'), [422, problem])
  assert.deepEqual(await register('erin', goodPassword), [201, 'application/json'])
  const teapot = await own.request('/teapot')
  assert.deepEqual([teapot.status, await teapot.text()], [418, 'a teapot'])
  assert.equal(logged.mock.callCount(), 0)
  assert.equal((await own.request('/mistake')).status, 500)
  assert.deepEqual(logged.mock.calls[0]?.arguments, [mistake])
})

test('the OAuth endpoints are below a prefix, or at a path of yours', async () => {
  const own = new Hono()
  own.use(oauthEndpoints(auth, () => undefined, { prefix: '/api', revocationPath: '/out' }))
  const status = async (path: string) => (await own.request(path, { method: 'POST' })).status
  const paths = ['/api/auth/token', '/api/out', '/auth/token', '/api/auth/revoke']
  assert.deepEqual(await Promise.all(paths.map(status)), [400, 400, 404, 404])
})
