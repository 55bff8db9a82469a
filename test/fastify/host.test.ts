// What an application of its own does with the plugin, and must not be surprised by.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import swagger from '@fastify/swagger'
import Fastify from 'fastify'
import { guarded } from '../../src/fastify/guarded.ts'
import {
  documentGuards,
  portcullis,
  schemeName,
  secured,
  securityScheme,
} from '../../src/fastify/index.ts'
import { optional } from '../../src/http/guards/combinators.ts'
import { guard } from '../../src/http/guards/guard.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { createTestAuth } from '../fixtures.ts'

describe('what a guard or a handler throws', () => {
  for (const [what, thrown, status] of [
    ['a text', 'no entry', 500],
    ['an object with a status', { statusCode: 418, message: 'tea' }, 418],
    ['nothing', undefined, 500],
    ['null', null, 500],
  ] as const) {
    test(`is never an answer of 200: ${what}`, async () => {
      const app = Fastify()
      await app.register(portcullis, { auth: await createTestAuth() })
      const thrower = guard(() => {
        throw thrown
      })
      app.get(
        '/guard',
        secured(thrower, () => 'secret'),
      )
      app.get('/hook', { onRequest: thrower }, () => 'secret')
      app.get('/handler', { onRequest: guard(() => 1) }, () => {
        throw thrown
      })
      for (const url of ['/guard', '/hook', '/handler']) {
        const answer = await app.inject(url)
        assert.equal(answer.statusCode, status, url)
        assert.doesNotMatch(answer.body, /secret/)
      }
    })
  }
})

test('a handler that sends later is waited for', async () => {
  const app = Fastify()
  await app.register(portcullis, { auth: await createTestAuth() })
  app.get(
    '/',
    secured(
      guard(() => 1),
      (_value, _request, reply) => {
        setImmediate(() => reply.send('late'))
      },
    ),
  )
  assert.equal((await app.inject('/')).body, 'late')
})

test('a handler that sends later is waited for behind a guard that takes its time too', async () => {
  const app = Fastify()
  await app.register(portcullis, { auth: await createTestAuth() })
  app.get(
    '/',
    secured(
      guard(async () => 1),
      (_value, _request, reply) => {
        setImmediate(() => reply.send('late'))
      },
    ),
  )
  const { statusCode, body } = await app.inject('/')
  assert.deepEqual([statusCode, body], [200, 'late'])
})

describe('an answer of a guarded route', () => {
  test('is not stored, nor is its refusal, unless the application says otherwise', async () => {
    const auth = await createTestAuth()
    const { activeUser, requireRole } = createGuards(auth)
    const app = Fastify()
    app.addHook('onRequest', async (request, reply) => {
      if (request.url.startsWith('/early')) reply.header('cache-control', 'private')
    })
    await app.register(portcullis, { auth, docs: false })
    app.get(
      '/secured',
      secured(optional(activeUser), () => ''),
    )
    app.get('/hook', { onRequest: requireRole('admin') }, () => '')
    await app.register(
      guarded(activeUser, (scope) => {
        scope.get('/scope', () => '')
      }),
    )
    app.get(
      '/public',
      secured(optional(activeUser), (_user, _request, reply) => {
        reply.header('cache-control', 'public').send('')
      }),
    )
    app.get(
      '/early',
      secured(optional(activeUser), () => ''),
    )
    app.get('/open', () => '')
    for (const [url, status, cached] of [
      ['/secured', 200, 'no-store'],
      ['/hook', 401, 'no-store'],
      ['/scope', 401, 'no-store'],
      ['/public', 200, 'public'],
      ['/early', 200, 'private'],
      ['/open', 200, undefined],
    ] as const) {
      const answer = await app.inject(url)
      assert.deepEqual([answer.statusCode, answer.headers['cache-control']], [status, cached], url)
    }
  })
})

test('a guard that reads no credentials locks nothing in the documentation', async () => {
  const auth = await createTestAuth()
  const { activeUser } = createGuards(auth)
  const app = Fastify()
  await app.register(portcullis, { auth })
  const language = guard(() => 'en')
  app.get(
    '/open',
    secured(language, () => ''),
  )
  app.get(
    '/both',
    { onRequest: language },
    secured(optional(activeUser), () => ''),
  )
  await app.ready()
  const { paths } = JSON.parse(JSON.stringify(app.swagger()))
  assert.equal(paths['/open'].get.security, undefined)
  assert.deepEqual(Object.keys(paths['/open'].get.responses), ['200'])
  assert.deepEqual(paths['/both'].get.security, [{}, { [schemeName]: [] }])
})

test('compilers for schemas of another kind are asked about nothing of ours', async () => {
  const auth = await createTestAuth()
  const { activeUser } = createGuards(auth)
  const app = Fastify()
  // As fastify-type-provider-zod does: whatever has no `parse` is no schema.
  const isForeign = (schema: unknown): boolean => typeof Object(schema).parse === 'function'
  app.setValidatorCompiler(({ schema }) => {
    assert.ok(isForeign(schema))
    return () => true
  })
  app.setSerializerCompiler(({ schema }) => {
    assert.ok(isForeign(schema))
    return JSON.stringify
  })
  await app.register(swagger, {
    openapi: {
      components: { securitySchemes: { [schemeName]: securityScheme(auth, '/auth/token') } },
    } as object,
    transform: (route) => documentGuards({ ...route, schema: { summary: 'transformed before' } }),
  })
  await app.register(portcullis, { auth, docs: false })
  const foreign = { parse: () => true }
  app.get(
    '/me',
    { schema: { querystring: foreign, response: { 200: foreign } } },
    secured(activeUser, () => ''),
  )
  await app.ready()
  const { get } = JSON.parse(JSON.stringify(app.swagger())).paths['/me']
  assert.equal(get.summary, 'transformed before')
  assert.ok(get.responses['401'])
  assert.equal((await app.inject({ method: 'POST', url: '/auth/token' })).statusCode, 400)
})

test('below a path of its issuer, the documentation logs in below that path (PC-18)', async () => {
  const auth = await createTestAuth({ issuer: 'https://example.com/api/' })
  const app = Fastify()
  await app.register(portcullis, { auth })
  await app.ready()
  const { servers, components } = JSON.parse(JSON.stringify(app.swagger()))
  assert.deepEqual(servers, [{ url: '/api' }])
  const { password } = components.securitySchemes[schemeName].flows
  assert.equal(password.tokenUrl, '/api/auth/token')
  const metadata = await app.inject('/.well-known/oauth-authorization-server/api')
  assert.equal(metadata.json().token_endpoint, 'https://example.com/api/auth/token')
})

test('an issuer that is no http URL has no metadata, and breaks nothing', async () => {
  for (const issuer of ['urn:example:app', 'my service', 'https://example.com/:a/*']) {
    const app = Fastify()
    await app.register(portcullis, { auth: await createTestAuth({ issuer }) })
    const { statusCode } = await app.inject('/.well-known/oauth-authorization-server')
    assert.equal(statusCode, 404)
  }
})
