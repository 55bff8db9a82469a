// All OAuth endpoints below a path, by real requests to both mounts.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import Fastify from 'fastify'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import { portcullis, schemeName, secured } from '../../src/fastify/index.ts'
import { createGuards } from '../../src/http/guards/guards.ts'
import { oauthEndpoints } from '../../src/web/index.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'

type Ask = (path: string, init?: RequestInit) => Promise<Response>

async function mounts(options: Partial<AuthOptions> = {}) {
  const auth = await createTestAuth(options)
  await auth.users.create({ username: 'alice', password: goodPassword })
  const app = Fastify()
  await app.register(portcullis, { auth, prefix: '/api' })
  const { activeUser } = createGuards(auth)
  app.get(
    '/api/me',
    secured(activeUser, ({ username }) => ({ username })),
  )
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = app.listeningOrigin
  const handle = oauthEndpoints(auth, { prefix: '/api/' })
  const asks: Readonly<Record<string, Ask>> = {
    Fastify: (path, init) => fetch(url + path, init),
    'the web handler': async (path, init) =>
      (await handle(new Request(`http://localhost${path}`, init), '192.0.2.1')) ??
      new Response(null, { status: 404 }),
  }
  return { auth, app, asks }
}

describe('with the prefix /api', () => {
  for (const issuer of ['https://id.example.com', 'https://id.example.com/api']) {
    test(`and the issuer ${issuer}, every endpoint is below it, and the metadata say so`, async () => {
      const { app, asks } = await mounts({ issuer })
      const issuerPath = new URL(issuer).pathname.replace(/\/$/, '')
      for (const [name, ask] of Object.entries(asks)) {
        // RFC 8414 §3.1, and below the prefix.
        for (const path of [
          `/.well-known/oauth-authorization-server${issuerPath}`,
          '/api/.well-known/oauth-authorization-server',
        ]) {
          const metadata = await (await ask(path)).json()
          assert.equal(metadata.issuer, issuer)
          assert.equal(metadata.token_endpoint, 'https://id.example.com/api/auth/token', name)
          const { pathname: jwks } = new URL(metadata.jwks_uri)
          assert.ok((await (await ask(jwks)).json()).keys)
          const { pathname: token } = new URL(metadata.token_endpoint)
          const body = new URLSearchParams({ username: 'alice', password: goodPassword })
          const login = await ask(token, { method: 'POST', body })
          assert.equal(login.status, 200)
          const { access_token } = await login.json()
          const { pathname: revocation } = new URL(metadata.revocation_endpoint)
          const form = new URLSearchParams({ token: access_token })
          assert.equal((await ask(revocation, { method: 'POST', body: form })).status, 200)
          const { pathname: introspection } = new URL(metadata.introspection_endpoint)
          assert.equal((await ask(introspection, { method: 'POST', body: form })).status, 401)
        }
        for (const path of ['/auth/token', '/auth/revoke', '/auth/introspect']) {
          assert.equal((await ask(path, { method: 'POST' })).status, 404, `${name} ${path}`)
        }
        assert.equal((await ask('/.well-known/jwks.json')).status, 404)
      }
      await app.close()
    })
  }

  test('Swagger UI and the document are below it, and log in there', async () => {
    const { app } = await mounts()
    const { components, paths, servers } = (await app.inject('/api/openapi.json')).json()
    const { flows } = components.securitySchemes[schemeName]
    assert.equal(servers, undefined)
    assert.equal(flows.password.tokenUrl, '/api/auth/token')
    assert.deepEqual(Object.keys(paths), [
      '/api/auth/token',
      '/api/auth/revoke',
      '/api/auth/introspect',
      '/api/me',
    ])
    assert.equal((await app.inject('/api/docs')).statusCode, 200)
    assert.equal((await app.inject('/api/docs/static/swagger-ui-bundle.js')).statusCode, 200)
    for (const url of ['/docs', '/openapi.json']) {
      assert.equal((await app.inject(url)).statusCode, 404)
    }
    await app.close()
  })

  test('the options of single paths count from it', async () => {
    const auth = await createTestAuth()
    const handle = oauthEndpoints(auth, { prefix: '/api', tokenPath: '/login' })
    const ask = async (path: string) =>
      (await handle(new Request(`http://localhost${path}`, { method: 'POST' }), undefined))?.status
    assert.deepEqual([await ask('/api/login'), await ask('/api/auth/token')], [400, undefined])
  })
})

test('a proxy in front takes away what the issuer has before the prefix', async () => {
  const auth = await createTestAuth({ issuer: 'https://example.com/id/api' })
  const app = Fastify()
  await app.register(portcullis, { auth, prefix: '/api' })
  const { servers, components } = (await app.inject('/api/openapi.json')).json()
  assert.deepEqual(servers, [{ url: '/id' }])
  assert.equal(components.securitySchemes[schemeName].flows.password.tokenUrl, '/id/api/auth/token')
  const metadata = await app.inject('/.well-known/oauth-authorization-server/id/api')
  assert.equal(metadata.json().token_endpoint, 'https://example.com/id/api/auth/token')
})

test('a prefix that is no path, and an unknown option, are refused at start', async () => {
  const auth = await createTestAuth()
  for (const prefix of ['api', '/a b', '/:version', '/*', 'https://example.com']) {
    assert.throws(() => oauthEndpoints(auth, { prefix }), { code: 'config_invalid' }, prefix)
    await assert.rejects(async () => Fastify().register(portcullis, { auth, prefix }), {
      code: 'config_invalid',
    })
  }
  assert.throws(() => oauthEndpoints(auth, { basePath: '/api' } as object), {
    problems: [
      'oauthEndpoints has no option "basePath". The options are: prefix, tokenPath, revocationPath, introspectionPath, mePath, pages.',
    ],
  })
})
