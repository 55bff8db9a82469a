import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import Fastify from 'fastify'
import type { Store } from '../../src/core/store.ts'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { secured } from '../../src/fastify/secured.ts'
import { all, optional, refine } from '../../src/http/guards/combinators.ts'
import { guard } from '../../src/http/guards/guard.ts'
import { Forbidden } from '../../src/http/refusal.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { createSpy, createTestApp, createTestGuards } from './test-app.ts'

const itemSchema = {
  body: {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string', minLength: 1 } },
  },
}

describe('a secured handler', () => {
  test("is given the guard's value, then the request and the reply", async () => {
    const { app, guards, authorize } = await createTestApp()
    app.post(
      '/items/:id',
      secured(guards.activeUser, (user, request, reply) => {
        reply.code(201)
        return { user: user.username, params: request.params, body: request.body }
      }),
    )
    const response = await app.inject({
      method: 'POST',
      url: '/items/7',
      headers: await authorize('editor'),
      payload: { name: 'x' },
    })
    assert.equal(response.statusCode, 201)
    assert.deepEqual(response.json(), {
      user: 'editor1',
      params: { id: '7' },
      body: { name: 'x' },
    })
  })

  test('is called with the application as this, like any handler of Fastify', async () => {
    const { app, guards, authorize } = await createTestApp()
    app.get(
      '/',
      secured(guards.activeUser, function () {
        return { same: this.hasRoute({ method: 'GET', url: '/' }) }
      }),
    )
    const response = await app.inject({ url: '/', headers: await authorize('member') })
    assert.deepEqual(response.json(), { same: true })
  })

  test('may answer with a value, a promise or reply.send', async () => {
    const { app, guards, authorize } = await createTestApp()
    const { activeUser } = guards
    app.get(
      '/value',
      secured(activeUser, () => 'answer'),
    )
    app.get(
      '/promise',
      secured(activeUser, async () => 'answer'),
    )
    app.get(
      '/send',
      secured(activeUser, (_user, _request, reply) => reply.send('answer')),
    )
    const headers = await authorize('member')
    for (const url of ['/value', '/promise', '/send']) {
      assert.equal((await app.inject({ url, headers })).body, 'answer', url)
    }
  })

  test('is not called when the guard refuses', async () => {
    const { app, guards, authorize } = await createTestApp()
    const handler = createSpy({ secret: true })
    app.get('/admin', secured(guards.requireRole('admin'), handler))
    app.get('/items', secured(guards.requirePermission('items:write'), handler))
    const member = await authorize('reader')
    for (const [headers, status] of [
      [{}, 401],
      [{ authorization: 'Bearer' }, 401],
      [{ authorization: 'Bearer a b' }, 401],
      [{ authorization: 'Bearer forged' }, 401],
      [member, 403],
    ] as const) {
      for (const url of ['/admin', '/items', '/admin?access_token=x']) {
        const response = await app.inject({ url, headers })
        assert.equal(response.statusCode, status)
        assert.doesNotMatch(response.body, /secret/)
      }
    }
    assert.equal(handler.calls, 0)
    await app.inject({ url: '/admin', headers: await authorize('admin') })
    assert.equal(handler.calls, 1)
  })

  test('gets null from an optional guard without credentials', async () => {
    const { app, guards, authorize } = await createTestApp()
    app.get(
      '/greeting',
      secured(optional(guards.activeUser), (user) => ({ hello: user?.username ?? 'stranger' })),
    )
    assert.deepEqual((await app.inject('/greeting')).json(), { hello: 'stranger' })
    const headers = await authorize('member')
    assert.deepEqual((await app.inject({ url: '/greeting', headers })).json(), { hello: 'member1' })
    const forged = { authorization: 'Bearer forged' }
    assert.equal((await app.inject({ url: '/greeting', headers: forged })).statusCode, 401)
  })

  test('gets the values of several guards by name', async () => {
    const { app, guards, authorize } = await createTestApp()
    const { activeUser: user, accessToken: token } = guards
    app.get(
      '/both',
      secured(all({ user, token }), ({ user, token }) => [user.username, token.scopes]),
    )
    const headers = await authorize('reader')
    assert.deepEqual((await app.inject({ url: '/both', headers })).json(), [
      'reader1',
      ['items:read'],
    ])
  })
})

describe('the guard of a secured route', () => {
  test('runs before the body is judged', async () => {
    const { app, guards, authorize } = await createTestApp()
    const handler = createSpy({})
    app.post('/items', { schema: itemSchema }, secured(guards.activeUser, handler))
    const invalid = { method: 'POST', url: '/items', payload: { name: '' } } as const
    assert.equal((await app.inject(invalid)).statusCode, 401)
    const headers = await authorize('editor')
    assert.equal((await app.inject({ ...invalid, headers })).statusCode, 400)
    assert.equal(handler.calls, 0)
    const good = await app.inject({ ...invalid, headers, payload: { name: 'x' } })
    assert.equal(good.statusCode, 200)
  })

  test('runs before the body is read: none is parsed, none is too large', async () => {
    const { app, guards } = await createTestApp({ fastify: { bodyLimit: 100 } })
    app.post('/items', secured(guards.activeUser, createSpy({})))
    for (const [type, payload] of [
      ['application/json', '{'],
      ['application/json', JSON.stringify('x'.repeat(1000))],
      ['application/unheard-of', 'x'],
    ] as const) {
      const headers = { 'content-type': type }
      const response = await app.inject({ method: 'POST', url: '/items', headers, payload })
      assert.equal(response.statusCode, 401)
    }
  })

  test('runs once per request', async () => {
    const { app } = await createTestApp()
    let runs = 0
    const counting = guard(() => ++runs)
    const refined = refine(counting, (run) => run)
    app.get(
      '/',
      { onRequest: [counting, refined] },
      secured(all({ counting, refined }), (values) => values),
    )
    assert.deepEqual((await app.inject('/')).json(), { counting: 1, refined: 1 })
    assert.deepEqual((await app.inject('/')).json(), { counting: 2, refined: 2 })
  })

  test("runs after the route's own hooks for the request", async () => {
    const { app } = await createTestApp()
    const ran: string[] = []
    const last = guard(() => void ran.push('guard'))
    app.get(
      '/',
      {
        onRequest: async () => void ran.push('hook'),
        preValidation: async () => void ran.push('validation'),
      },
      secured(last, () => 'done'),
    )
    await app.inject('/')
    assert.deepEqual(ran, ['hook', 'guard', 'validation'])
  })

  test('guards the HEAD twin of a GET route', async () => {
    const { app, guards, authorize } = await createTestApp()
    const handler = createSpy({ secret: true })
    app.get('/me', secured(guards.activeUser, handler))
    const refused = await app.inject({ method: 'HEAD', url: '/me' })
    assert.equal(refused.statusCode, 401)
    assert.equal(refused.headers['www-authenticate'], 'Bearer')
    assert.equal(handler.calls, 0)
    const headers = await authorize('member')
    assert.equal((await app.inject({ method: 'HEAD', url: '/me', headers })).statusCode, 200)
    assert.equal(handler.calls, 1)
  })

  test('guards every method of a route that has several', async () => {
    const { app, guards } = await createTestApp()
    const handler = createSpy({})
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
    app.route({
      method: [...methods],
      url: '/all',
      handler: secured(guards.activeUser, handler),
    })
    for (const method of methods) {
      assert.equal((await app.inject({ method, url: '/all' })).statusCode, 401, method)
    }
    assert.equal(handler.calls, 0)
  })

  for (const [when, register] of [
    ['is not registered', false],
    ['is registered after the route', true],
  ] as const) {
    test(`guards the route even if the plugin ${when}`, async () => {
      const { auth, guards, authorize } = await createTestGuards()
      const app = Fastify()
      const handler = createSpy({ secret: true })
      app.get('/me', secured(guards.activeUser, handler))
      app.post('/items', { schema: itemSchema }, secured(guards.activeUser, handler))
      if (register) await app.register(portcullis, { auth })

      for (const request of [
        { method: 'GET', url: '/me' },
        { method: 'HEAD', url: '/me' },
        { method: 'POST', url: '/items', payload: { name: 'x' } },
      ] as const) {
        const response = await app.inject(request)
        assert.equal(response.statusCode, 401)
        assert.equal(response.headers['www-authenticate'], 'Bearer')
      }
      assert.equal(handler.calls, 0)
      const headers = await authorize('member')
      assert.deepEqual((await app.inject({ url: '/me', headers })).json(), { secret: true })
    })
  }

  test('lets nobody pass when the store fails (BR-06)', async () => {
    const healthy = memory()
    let failing = false
    const store = {
      ...healthy,
      findSubject(...ids: Parameters<Store['findSubject']>) {
        if (failing) throw new Error('private reason')
        return healthy.findSubject(...ids)
      },
    }
    const { app, guards, authorize } = await createTestApp({ auth: { store } })
    const handler = createSpy({})
    app.get('/me', secured(guards.activeUser, handler))
    app.get('/hook', { onRequest: guards.requireRole('admin') }, handler)
    app.get('/perhaps', secured(optional(guards.activeUser), handler))
    const headers = await authorize('admin')
    failing = true
    for (const url of ['/me', '/hook', '/perhaps']) {
      assert.equal((await app.inject({ url, headers })).statusCode, 500)
    }
    assert.equal(handler.calls, 0)
    failing = false
    assert.equal((await app.inject({ url: '/me', headers })).statusCode, 200)
  })

  test('counts a change of the user on the very next request', async () => {
    const { app, auth, guards, authorize } = await createTestApp()
    app.get('/admin', secured(guards.requireRole('admin'), createSpy({})))
    await authorize('admin')
    const headers = await authorize('admin')
    const status = async () => (await app.inject({ url: '/admin', headers })).statusCode
    assert.equal(await status(), 200)
    const user = await auth.users.findByUsername('admin2')
    assert.ok(user)
    await auth.users.changeRole(user.id, 'member')
    assert.equal(await status(), 403)
    await auth.users.changeRole(user.id, 'admin')
    assert.equal(await status(), 200)
    await auth.users.deactivate(user.id)
    assert.equal(await status(), 403)
  })
})

test("a handler may refuse what its guard could not know, in the guard's form", async () => {
  const { app, guards, authorize } = await createTestApp()
  app.get(
    '/items/1',
    secured(guards.activeUser, () => {
      throw new Forbidden('Not your item')
    }),
  )
  const response = await app.inject({ url: '/items/1', headers: await authorize('member') })
  assert.equal(response.statusCode, 403)
  assert.equal(response.json().detail, 'Not your item')
  assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
})
