import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FastifyInstance, RouteShorthandOptions } from 'fastify'
import { UnavailableError } from '../../src/core/errors.ts'
import { internals } from '../../src/core/internals.ts'
import { guarded } from '../../src/fastify/guarded.ts'
import { secured } from '../../src/fastify/secured.ts'
import { all, optional } from '../../src/http/guards/combinators.ts'
import { guard } from '../../src/http/guards/guard.ts'
import { Refusal } from '../../src/http/refusal.ts'
import { createTestApp, described } from './test-app.ts'

async function documented(app: FastifyInstance, path: string, method = 'get') {
  const { paths } = (await app.inject('/openapi.json')).json()
  return paths[path][method]
}

const bearer = (...scopes: string[]) => ({ OAuth2PasswordBearer: scopes })

describe('the documentation of a guarded route', () => {
  test('names the scheme, and derives 401, 403 and 503 from the guard', async () => {
    const { app, guards } = await createTestApp()
    app.get(
      '/items',
      secured(guards.requirePermission('items:read', 'items:write'), () => ''),
    )
    const { security, responses } = await documented(app, '/items')
    assert.deepEqual(security, [bearer('items:read', 'items:write')])
    assert.deepEqual(Object.keys(responses), ['200', '401', '403', '503'])
    assert.ok(responses[401].headers['WWW-Authenticate'])
    assert.ok(responses[503].headers['Retry-After'])
    for (const code of [401, 403, 503]) {
      const { schema } = responses[code].content['application/problem+json']
      assert.deepEqual(schema, { $ref: '#/components/schemas/Problem' })
    }
    assert.equal(
      responses[403].description,
      'Requires an active user, the scope items:read items:write',
    )
  })

  test('has no 403 if the guard can only answer 401', async () => {
    const { app, guards } = await createTestApp()
    app.get(
      '/token',
      secured(guards.accessToken, () => ''),
    )
    const { security, responses } = await documented(app, '/token')
    assert.deepEqual(security, [bearer()])
    assert.deepEqual(Object.keys(responses), ['200', '401', '503'])
  })

  test("unites the scopes of all its guards, each once, hooks before the handler's", async () => {
    const permissions = described('a', 'b', 'c', 'd')
    const { app, guards } = await createTestApp({ auth: { permissions } })
    const { requirePermission } = guards
    app.get(
      '/both',
      { onRequest: [requirePermission('c', 'a'), async () => {}, requirePermission('b', 'c')] },
      secured(requirePermission('a', 'd'), () => ''),
    )
    const { security, responses } = await documented(app, '/both')
    assert.deepEqual(security, [bearer('c', 'a', 'b', 'd')])
    assert.equal(responses[403].description, 'Requires an active user, the scope c a b d')
  })

  test('is there for a guard that is a hook alone', async () => {
    const { app, guards } = await createTestApp()
    app.delete('/items', { onRequest: guards.requireRole('admin') }, () => '')
    const { security, responses } = await documented(app, '/items', 'delete')
    assert.deepEqual(security, [bearer()])
    assert.equal(responses[403].description, 'Requires an active user, the role admin')
  })

  test('says that credentials are optional if the guard says so', async () => {
    const { app, guards } = await createTestApp()
    const perhaps = optional(guards.requirePermission('items:read'))
    app.get(
      '/perhaps',
      secured(perhaps, () => ''),
    )
    app.get(
      '/surely',
      { onRequest: perhaps },
      secured(guards.activeUser, () => ''),
    )
    app.get(
      '/all',
      secured(all({ perhaps, sure: guards.activeUser }), () => ''),
    )
    const { security, responses } = await documented(app, '/perhaps')
    assert.deepEqual(security, [{}, bearer('items:read')])
    assert.deepEqual(Object.keys(responses), ['200', '401', '403', '503'])
    for (const path of ['/surely', '/all']) {
      assert.deepEqual((await documented(app, path)).security, [bearer('items:read')])
    }
  })

  test("keeps the answers of the route's own schema, and adds no 200 beside them", async () => {
    const { app, guards } = await createTestApp()
    const created = { description: 'Made', type: 'object', properties: { id: { type: 'number' } } }
    app.post(
      '/items',
      { schema: { summary: 'Make one', tags: ['items'], response: { 201: created } } },
      secured(guards.activeUser, () => ({ id: 1 })),
    )
    const { summary, tags, responses } = await documented(app, '/items', 'post')
    assert.deepEqual([summary, tags], ['Make one', ['items']])
    assert.deepEqual(Object.keys(responses), ['201', '401', '403', '503'])
    assert.equal(responses[201].description, 'Made')
  })

  test('yields to a 401 or 403 that the route documents itself', async () => {
    const { app, guards } = await createTestApp()
    const mine = (description: string) => ({ description, type: 'object', properties: {} })
    app.get(
      '/items',
      { schema: { response: { 200: mine('Here'), 403: mine('Not on Sundays') } } },
      secured(guards.activeUser, () => ({})),
    )
    const { responses } = await documented(app, '/items')
    assert.equal(responses[403].description, 'Not on Sundays')
    assert.notEqual(responses[401].description, 'Not on Sundays')
    assert.deepEqual(Object.keys(responses), ['200', '401', '403', '503'])
  })

  test('is not put on a route without a guard, or one with a function that is none', async () => {
    const { app } = await createTestApp()
    app.get('/open', () => '')
    app.get('/hooked', { onRequest: async () => {} }, () => '')
    for (const path of ['/open', '/hooked']) {
      const { security, responses } = await documented(app, path)
      assert.equal(security, undefined)
      assert.deepEqual(Object.keys(responses), ['200'])
    }
  })

  test('does not change the schema that the route was given', async () => {
    const { app, guards } = await createTestApp()
    const schema = { summary: 'Shared' }
    app.get(
      '/one',
      { schema },
      secured(guards.activeUser, () => ''),
    )
    app.get('/two', { schema }, () => '')
    assert.deepEqual((await documented(app, '/one')).security, [bearer()])
    assert.equal((await documented(app, '/two')).security, undefined)
    assert.deepEqual(Object.keys(schema), ['summary'])
  })
})

describe('a refusal', () => {
  const problem = (status: number, title: string, detail: string) => ({
    type: 'about:blank',
    title,
    status,
    detail,
  })

  test('is a problem with the challenge of the wire, wherever the guard stands', async () => {
    const { app, guards, authorize } = await createTestApp()
    const items = guards.requirePermission('items:write')
    app.get(
      '/secured',
      secured(items, () => ''),
    )
    app.get('/hook', { onRequest: items }, () => '')
    await app.register(
      guarded(items, async (scope) => {
        scope.get('/scope', () => '')
      }),
    )
    const reader = await authorize('reader')

    for (const url of ['/secured', '/hook', '/scope']) {
      for (const [headers, challenge, body] of [
        [{}, 'Bearer', problem(401, 'Unauthorized', 'Not authenticated')],
        [
          { authorization: 'Bearer forged' },
          'Bearer error="invalid_token", error_description="The access token is invalid, expired or revoked"',
          problem(401, 'Unauthorized', 'Could not validate credentials'),
        ],
        [
          reader,
          'Bearer error="insufficient_scope", error_description="The access token or its user lacks a permission", scope="items:write"',
          problem(403, 'Forbidden', 'Not enough permissions'),
        ],
      ] as const) {
        const response = await app.inject({ url, headers })
        assert.equal(response.statusCode, body.status)
        assert.equal(response.headers['www-authenticate'], challenge)
        assert.equal(response.headers['content-type'], 'application/problem+json; charset=utf-8')
        assert.deepEqual(response.json(), body)
      }
    }
  })

  test('of an inactive user and of a wrong role has no challenge', async () => {
    const { app, auth, guards, authorize } = await createTestApp()
    app.get(
      '/admin',
      secured(guards.requireRole('admin'), () => ''),
    )
    const wrong = await app.inject({ url: '/admin', headers: await authorize('editor') })
    assert.deepEqual(wrong.json(), problem(403, 'Forbidden', 'Not enough permissions'))
    assert.equal(wrong.headers['www-authenticate'], undefined)

    const headers = await authorize('admin')
    const user = await guards.activeUser({ headers })
    // In the store itself: a deactivation would end the token too.
    await auth[internals].store.users.update(user.id, { active: false })
    const inactive = await app.inject({ url: '/admin', headers })
    assert.deepEqual(inactive.json(), problem(403, 'Forbidden', 'Inactive user'))
    assert.equal(inactive.headers['www-authenticate'], undefined)
  })

  test("of an application's own class carries its status and headers", async () => {
    const { app } = await createTestApp()
    const late = guard(() => {
      throw new Refusal(429, 'Slow down', { 'retry-after': '7' })
    })
    app.get(
      '/',
      secured(late, () => ''),
    )
    const response = await app.inject('/')
    assert.equal(response.statusCode, 429)
    assert.equal(response.headers['retry-after'], '7')
    assert.deepEqual(response.json(), problem(429, 'Too Many Requests', 'Slow down'))
  })

  test('because the server cannot answer now is 503 and says when to come again (BR-06)', async () => {
    const { app } = await createTestApp()
    const busy = guard(() => {
      throw new UnavailableError('The database is busy', 3, { cause: new Error('private') })
    })
    app.get(
      '/',
      secured(busy, () => ''),
    )
    const response = await app.inject('/')
    assert.equal(response.statusCode, 503)
    assert.equal(response.headers['retry-after'], '3')
    assert.deepEqual(response.json(), problem(503, 'Service Unavailable', 'The database is busy'))
  })

  test("is not filtered by a response schema, the route's or the derived one", async () => {
    const { app, guards } = await createTestApp()
    const narrow = { type: 'object', properties: { only: { type: 'string' } } }
    app.get(
      '/narrow',
      { schema: { response: { 200: narrow, 401: narrow, '4xx': narrow } } },
      secured(guards.activeUser, () => ({})),
    )
    app.get(
      '/derived',
      secured(guards.activeUser, () => ''),
    )
    for (const url of ['/narrow', '/derived']) {
      const expected = problem(401, 'Unauthorized', 'Not authenticated')
      assert.deepEqual((await app.inject(url)).json(), expected)
    }
  })

  test('has the same form on a HEAD request, without a body', async () => {
    const { app, guards } = await createTestApp()
    app.get(
      '/me',
      secured(guards.activeUser, () => ''),
    )
    const { headers, body } = await app.inject({ method: 'HEAD', url: '/me' })
    assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8')
    assert.equal(body, '')
  })
})

describe("an application's own error handler", () => {
  const failure = Object.assign(new Error('Out of tea'), { statusCode: 418 })
  const body = { type: 'object', required: ['name'] }

  function addRoutes(app: FastifyInstance, onRequest: ReturnType<typeof guard>): void {
    const failing = () => {
      throw failure
    }
    app.get('/secured', secured(onRequest, failing))
    app.get('/hook', { onRequest }, failing)
    app.get(
      '/late',
      secured(onRequest, async () => failing()),
    )
    app.post(
      '/invalid',
      { schema: { body } },
      secured(onRequest, () => ''),
    )
    app.get('/open', failing)
  }

  for (const [how, register] of [
    [
      'answers with reply.send',
      (app: FastifyInstance) => {
        app.setErrorHandler<Error & { statusCode?: number }>((error, _request, reply) => {
          reply.code(error.statusCode ?? 500).send({ mine: error.message })
        })
      },
    ],
    [
      'returns a promise of the answer',
      (app: FastifyInstance) => {
        app.setErrorHandler<Error & { statusCode?: number }>(async (error, _request, reply) => {
          reply.code(error.statusCode ?? 500)
          return { mine: error.message }
        })
      },
    ],
  ] as const) {
    test(`that ${how} stays in charge of its own errors, and ours keep their form`, async () => {
      const { app, guards, authorize } = await createTestApp()
      register(app)
      addRoutes(app, guards.activeUser)
      const headers = await authorize('member')
      for (const url of ['/secured', '/hook', '/late', '/open']) {
        const response = await app.inject({ url, headers })
        assert.equal(response.statusCode, 418, url)
        assert.deepEqual(response.json(), { mine: 'Out of tea' }, url)
      }
      const invalid = { method: 'POST', url: '/invalid', payload: {} } as const
      const judged = await app.inject({ ...invalid, headers })
      assert.equal(judged.statusCode, 400)
      assert.match(judged.json().mine, /name/)

      for (const request of [{ url: '/secured' }, { url: '/hook' }, { url: '/late' }, invalid]) {
        const refused = await app.inject(request)
        assert.equal(refused.statusCode, 401)
        assert.equal(refused.json().detail, 'Not authenticated')
        assert.equal(refused.headers['www-authenticate'], 'Bearer')
      }
    })
  }

  test('of an inner scope is the one that is asked', async () => {
    const { app, guards, authorize } = await createTestApp()
    app.setErrorHandler((_error, _request, reply) => reply.code(500).send({ by: 'outer' }))
    await app.register(async (scope) => {
      scope.setErrorHandler((_error, _request, reply) => reply.code(500).send({ by: 'inner' }))
      addRoutes(scope, guards.activeUser)
    })
    const headers = await authorize('member')
    assert.deepEqual((await app.inject({ url: '/secured', headers })).json(), { by: 'inner' })
  })

  test('of a route takes over that route, refusals too', async () => {
    const { app, guards } = await createTestApp()
    const options: RouteShorthandOptions = {
      errorHandler: (error, _request, reply) => reply.code(499).send({ mine: error.message }),
    }
    app.get(
      '/',
      options,
      secured(guards.activeUser, () => ''),
    )
    const response = await app.inject('/')
    assert.deepEqual([response.statusCode, response.json()], [499, { mine: 'Not authenticated' }])
  })

  test('is not needed: without one, Fastify answers what is not a refusal', async () => {
    const { app, guards, authorize } = await createTestApp()
    addRoutes(app, guards.activeUser)
    const response = await app.inject({ url: '/secured', headers: await authorize('member') })
    assert.equal(response.statusCode, 418)
    assert.equal(response.json().message, 'Out of tea')
  })
})
