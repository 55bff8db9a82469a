import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Auth } from '../../src/core/auth.ts'
import {
  documentGuards,
  portcullis,
  schemeName,
  secured,
  securityScheme,
} from '../../src/fastify/index.ts'
import { goodPassword } from '../fixtures.ts'
import { createTestApp, createTestGuards } from './test-app.ts'

async function logIn(app: FastifyInstance, url: string) {
  const payload = new URLSearchParams({ username: 'alice', password: goodPassword }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return await app.inject({ method: 'POST', url, headers, payload })
}

describe('the plugin', () => {
  test('is all that a login and a guarded route need', async () => {
    const { app, auth, guards } = await createTestApp()
    await auth.users.create({ username: 'alice', password: goodPassword, role: 'editor' })
    app.get(
      '/me',
      secured(guards.activeUser, (user) => ({ username: user.username })),
    )
    const { access_token } = (await logIn(app, '/auth/token')).json()
    const headers = { authorization: `Bearer ${access_token}` }
    assert.deepEqual((await app.inject({ url: '/me', headers })).json(), { username: 'alice' })
  })

  test('refuses options that it does not know, and names the nearest ones', async () => {
    const { auth } = await createTestGuards()
    const misspelt = { auth, tokenpath: '/login', docs: { titel: 'Tea' } } as unknown
    await assert.rejects(async () => Fastify().register(portcullis, misspelt as { auth: Auth }), {
      code: 'config_invalid',
      problems: [
        'portcullis has no option "tokenpath". Did you mean tokenPath?',
        'The option docs has no option "titel". Did you mean title?',
      ],
    })
  })

  test('may serve the token endpoint at another path, and documents that one', async () => {
    const { app, auth } = await createTestApp({ tokenPath: '/oauth/login' })
    await auth.users.create({ username: 'alice', password: goodPassword })
    assert.equal((await logIn(app, '/oauth/login')).statusCode, 200)
    assert.equal((await logIn(app, '/auth/token')).statusCode, 404)
    const { components, paths } = (await app.inject('/openapi.json')).json()
    assert.equal(components.securitySchemes[schemeName].flows.password.tokenUrl, '/oauth/login')
    assert.deepEqual(Object.keys(paths), ['/oauth/login', '/auth/revoke', '/auth/introspect'])
  })

  test('may be registered under a prefix, and documents the path that is served', async () => {
    const { auth } = await createTestGuards()
    const app = Fastify()
    const api = async (scope: FastifyInstance) => {
      await scope.register(portcullis, { auth })
    }
    await app.register(api, { prefix: '/api' })
    await auth.users.create({ username: 'alice', password: goodPassword })
    const { components, paths } = (await app.inject('/api/openapi.json')).json()
    const { tokenUrl } = components.securitySchemes[schemeName].flows.password
    assert.deepEqual(Object.keys(paths), [tokenUrl, '/api/auth/revoke', '/api/auth/introspect'])
    assert.equal((await logIn(app, tokenUrl)).statusCode, 200)
    assert.equal((await app.inject('/api/docs')).statusCode, 200)
  })

  test('may serve the documentation at another path', async () => {
    const { app } = await createTestApp({ docs: { path: '/help' } })
    assert.equal((await app.inject('/help')).statusCode, 200)
    assert.equal((await app.inject('/help/static/swagger-ui-bundle.js')).statusCode, 200)
    assert.equal((await app.inject('/docs')).statusCode, 404)
  })

  test('without documentation serves none, and guards and logs in as ever', async () => {
    const { app, auth, guards, authorize } = await createTestApp({ docs: false })
    app.get(
      '/me',
      secured(guards.activeUser, () => 'inside'),
    )
    await auth.users.create({ username: 'alice', password: goodPassword })
    for (const url of ['/docs', '/docs/', '/docs/json', '/openapi.json']) {
      assert.equal((await app.inject(url)).statusCode, 404, url)
    }
    assert.equal((await logIn(app, '/auth/token')).statusCode, 200)
    const refused = await app.inject('/me')
    assert.equal(refused.statusCode, 401)
    assert.equal(refused.json().detail, 'Not authenticated')
    const headers = await authorize('member')
    assert.equal((await app.inject({ url: '/me', headers })).body, 'inside')
  })

  test('without documentation lets the application document itself', async () => {
    const { auth, guards } = await createTestGuards()
    const app = Fastify()
    await app.register(swagger, {
      openapi: {
        components: { securitySchemes: { [schemeName]: securityScheme(auth, '/auth/token') } },
      } as object,
      transform: documentGuards,
    })
    await app.register(portcullis, { auth, docs: false })
    app.get(
      '/items',
      secured(guards.requirePermission('items:read'), () => ''),
    )
    await app.ready()
    const { paths, components } = JSON.parse(JSON.stringify(app.swagger()))
    assert.deepEqual(paths['/items'].get.security, [{ [schemeName]: ['items:read'] }])
    assert.equal(components.securitySchemes[schemeName].type, 'oauth2')
  })

  test('maintains the store while it listens, prunes unless another process does, and waits for the end', async () => {
    const { auth } = await createTestGuards()
    for (const prune of [true, false]) {
      const happened: string[] = []
      const maintain: Auth['maintain'] = async (signal, options) => {
        happened.push(`begins, ${options?.prune === true ? 'pruning' : 'not pruning'}`)
        await once(signal, 'abort')
        await setImmediate()
        happened.push('ends')
      }
      const app = Fastify()
      await app.register(portcullis, { auth: { ...auth, maintain }, docs: false, prune })
      await app.ready()
      assert.deepEqual(happened, [])
      await app.listen({ host: '127.0.0.1', port: 0 })
      const begun = `begins, ${prune ? 'pruning' : 'not pruning'}`
      assert.deepEqual(happened, [begun])
      await app.close()
      assert.deepEqual(happened, [begun, 'ends'])
    }
  })

  test('guards the routes of scopes that are registered after it', async () => {
    const { app, guards } = await createTestApp()
    await app.register(async (scope) => {
      scope.post(
        '/items',
        { schema: { body: { type: 'object', required: ['name'] } } },
        secured(guards.activeUser, () => ''),
      )
    })
    const response = await app.inject({ method: 'POST', url: '/items', payload: {} })
    assert.equal(response.statusCode, 401)
  })
})
