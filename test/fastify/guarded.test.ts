import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import Fastify, { type FastifyInstance, type FastifyPluginCallback } from 'fastify'
import fp from 'fastify-plugin'
import { guarded } from '../../src/fastify/guarded.ts'
import { secured } from '../../src/fastify/secured.ts'
import { optional } from '../../src/http/guards/combinators.ts'
import { guard } from '../../src/http/guards/guard.ts'
import { Forbidden } from '../../src/http/refusal.ts'
import { createSpy, createTestApp, createTestGuards, described } from './test-app.ts'

async function statusOf(app: FastifyInstance, url: string, headers = {}): Promise<number> {
  return (await app.inject({ url, headers })).statusCode
}

async function documented(app: FastifyInstance, path: string) {
  const { paths } = (await app.inject('/openapi.json')).json()
  const { security, responses } = paths[path].get
  return { security, responses: Object.keys(responses), forbidden: responses[403]?.description }
}

describe('a guarded scope', { timeout: 60_000 }, () => {
  test('guards each of its routes, and none beside it', async () => {
    const { app, guards, authorize } = await createTestApp()
    const handler = createSpy('inside')
    app.get('/before', () => 'outside')
    await app.register(
      guarded(guards.requireRole('admin'), async (scope) => {
        scope.get('/stats', handler)
        scope.post('/users', handler)
        const deep = async (inner: FastifyInstance) => {
          inner.get('/deep', handler)
        }
        await scope.register(deep, { prefix: '/inner' })
        const shared = async (same: FastifyInstance) => {
          same.get('/shared', handler)
        }
        await scope.register(fp(shared))
      }),
      { prefix: '/admin' },
    )
    app.get('/admin-not', () => 'outside')

    const member = await authorize('member')
    const admin = await authorize('admin')
    for (const url of ['/admin/stats', '/admin/inner/deep', '/admin/shared']) {
      assert.equal(await statusOf(app, url), 401, url)
      assert.equal(await statusOf(app, url, member), 403, url)
    }
    assert.equal((await app.inject({ method: 'POST', url: '/admin/users' })).statusCode, 401)
    assert.equal(handler.calls, 0)
    for (const url of ['/admin/stats', '/admin/inner/deep', '/admin/shared']) {
      assert.equal(await statusOf(app, url, admin), 200, url)
    }
    assert.equal(await statusOf(app, '/before'), 200)
    assert.equal(await statusOf(app, '/admin-not'), 200)
  })

  test('guards its root in both spellings, and the HEAD twins', async () => {
    const { app, guards, authorize } = await createTestApp()
    const handler = createSpy('inside')
    await app.register(
      guarded(guards.activeUser, async (scope) => {
        scope.get('/', handler)
      }),
      { prefix: '/admin' },
    )
    for (const method of ['GET', 'HEAD'] as const) {
      for (const url of ['/admin', '/admin/', '/admin?x=1', '/admin/?x=1']) {
        assert.equal((await app.inject({ method, url })).statusCode, 401, `${method} ${url}`)
      }
    }
    assert.equal(handler.calls, 0)
    const headers = await authorize('member')
    assert.equal(await statusOf(app, '/admin', headers), 200)
    assert.equal(await statusOf(app, '/admin/', headers), 200)
  })

  test('guards before the body is judged', async () => {
    const { app, guards } = await createTestApp()
    const body = { type: 'object', required: ['name'] }
    await app.register(
      guarded(guards.activeUser, async (scope) => {
        scope.post('/', { schema: { body } }, createSpy(''))
      }),
      { prefix: '/items' },
    )
    const response = await app.inject({ method: 'POST', url: '/items', payload: {} })
    assert.equal(response.statusCode, 401)
  })

  test('runs its guard first, the inner scope second, the guards of the route after', async () => {
    const { app } = await createTestApp()
    const ran: string[] = []
    const refusing = new Set<string>()
    const step = (name: string) =>
      guard(() => {
        ran.push(name)
        if (refusing.has(name)) throw new Forbidden(name)
      })
    await app.register(
      guarded(step('outer'), async (outer) => {
        await outer.register(
          guarded(step('inner'), async (inner) => {
            inner.get(
              '/',
              { onRequest: step('route') },
              secured(step('handler'), () => 'inside'),
            )
          }),
        )
      }),
    )
    assert.equal(await statusOf(app, '/'), 200)
    assert.deepEqual(ran, ['outer', 'inner', 'route', 'handler'])
    for (const name of ['handler', 'route', 'inner', 'outer']) {
      refusing.add(name)
      assert.equal((await app.inject('/')).json().detail, name)
    }
  })

  test('shares one run of its guard with the routes that ask for its value', async () => {
    const { app } = await createTestApp()
    let runs = 0
    const counting = guard(() => ++runs)
    await app.register(
      guarded(counting, async (scope) => {
        scope.get(
          '/',
          secured(counting, (run) => run),
        )
      }),
    )
    assert.equal((await app.inject('/')).json(), 1)
    assert.equal((await app.inject('/')).json(), 2)
  })

  test('is given the options of its registration', async () => {
    const { app, guards } = await createTestApp()
    const seen: string[] = []
    await app.register(
      guarded<{ name: string }>(guards.activeUser, async (_scope, { name }) => {
        seen.push(name)
      }),
      { name: 'given' },
    )
    assert.deepEqual(seen, ['given'])
  })

  test('may be made by a plugin that is not async', async () => {
    const { app, guards } = await createTestApp()
    await app.register(
      guarded(guards.activeUser, (scope) => {
        scope.get('/plain', () => 'inside')
      }),
    )
    assert.equal(await statusOf(app, '/plain'), 401)
  })

  test('may be made by a plugin that calls back, and waits until it does', async () => {
    const { app, guards, authorize } = await createTestApp()
    await app.register(
      guarded(guards.activeUser, (scope, _options, done) => {
        setImmediate(() => {
          scope.get('/later', () => 'inside')
          done()
        })
      }),
    )
    assert.equal(await statusOf(app, '/later'), 401)
    assert.equal(await statusOf(app, '/later', await authorize('member')), 200)
  })

  for (const [how, plugin] of [
    ['calls back with an error', (_scope, _options, done) => done(new Error('no routes'))],
    [
      'throws',
      () => {
        throw new Error('no routes')
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('no routes')
      },
    ],
  ] as readonly (readonly [string, FastifyPluginCallback])[]) {
    test(`fails at start with a plugin that ${how}`, async () => {
      const { guards } = await createTestGuards()
      const app = Fastify()
      await assert.rejects(async () => {
        await app.register(guarded(guards.activeUser, plugin))
      }, /no routes/)
    })
  }

  test('guards even if the plugin is not registered', async () => {
    const { guards, authorize } = await createTestGuards()
    const app = Fastify()
    const handler = createSpy('inside')
    await app.register(
      guarded(guards.activeUser, async (scope) => {
        scope.get('/', handler)
      }),
      { prefix: '/admin' },
    )
    assert.equal(await statusOf(app, '/admin'), 401)
    assert.equal(await statusOf(app, '/admin/'), 401)
    assert.equal(handler.calls, 0)
    assert.equal(await statusOf(app, '/admin', await authorize('member')), 200)
  })

  test('may be registered twice, with another guard each time', async () => {
    const { app, guards, authorize } = await createTestApp()
    const routes = async (scope: FastifyInstance) => {
      scope.get('/x', () => 'inside')
    }
    await app.register(guarded(guards.requireRole('editor'), routes), { prefix: '/edit' })
    await app.register(guarded(guards.requireRole('reader'), routes), { prefix: '/read' })
    const editor = await authorize('editor')
    const reader = await authorize('reader')
    assert.deepEqual(
      [await statusOf(app, '/edit/x', editor), await statusOf(app, '/edit/x', reader)],
      [200, 403],
    )
    assert.deepEqual(
      [await statusOf(app, '/read/x', editor), await statusOf(app, '/read/x', reader)],
      [403, 200],
    )
  })
})

describe('the documentation of a guarded scope', { timeout: 60_000 }, () => {
  test('is on each route, its scopes before those of inner scopes and of the route', async () => {
    const permissions = described('a:route', 'm:inner', 'z:outer')
    const { app, guards } = await createTestApp({ auth: { permissions } })
    const { requirePermission, requireRole } = guards
    await app.register(
      guarded(requirePermission('z:outer'), async (outer) => {
        outer.get('/first', () => '')
        await outer.register(
          guarded(requirePermission('m:inner'), async (inner) => {
            inner.get(
              '/second',
              { onRequest: requireRole('admin') },
              secured(requirePermission('a:route', 'z:outer'), () => ''),
            )
          }),
        )
        outer.get('/third', () => '')
      }),
      { prefix: '/scope' },
    )
    app.get('/outside', () => '')

    const first = await documented(app, '/scope/first')
    assert.deepEqual(first, {
      security: [{ OAuth2PasswordBearer: ['z:outer'] }],
      responses: ['200', '401', '403', '503'],
      forbidden: 'Requires an active user, the scope z:outer',
    })
    assert.deepEqual(await documented(app, '/scope/third'), first)
    assert.deepEqual(await documented(app, '/scope/second'), {
      security: [{ OAuth2PasswordBearer: ['z:outer', 'm:inner', 'a:route'] }],
      responses: ['200', '401', '403', '503'],
      forbidden: 'Requires an active user, the role admin, the scope z:outer m:inner a:route',
    })
    assert.deepEqual(await documented(app, '/outside'), {
      security: undefined,
      responses: ['200'],
      forbidden: undefined,
    })
  })

  test('is not optional if one of several guards is not', async () => {
    const { app, guards } = await createTestApp()
    const perhaps = optional(guards.activeUser)
    await app.register(
      guarded(perhaps, async (scope) => {
        scope.get('/perhaps', () => '')
        scope.get(
          '/surely',
          secured(guards.activeUser, () => ''),
        )
      }),
    )
    const { security } = await documented(app, '/perhaps')
    assert.deepEqual(security, [{}, { OAuth2PasswordBearer: [] }])
    assert.deepEqual((await documented(app, '/surely')).security, [{ OAuth2PasswordBearer: [] }])
  })
})
