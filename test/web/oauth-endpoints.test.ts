import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { portcullis } from '../../src/fastify/portcullis.ts'
import { createTestAuth, type TestAuth } from '../../src/testing/test-auth.ts'
import { type OAuthHandler, oauthEndpoints } from '../../src/web/oauth-endpoints.ts'
import { goodPassword } from '../fixtures.ts'

const origin = 'http://localhost'
let auth: TestAuth
let handle: OAuthHandler
let app: FastifyInstance

before(async () => {
  auth = await createTestAuth()
  await auth.users.create({ username: 'alice', password: goodPassword })
  handle = oauthEndpoints(auth)
  app = Fastify()
  await app.register(portcullis, { auth })
})
after(async () => {
  await app.close()
  await auth.close()
})

async function post(path: string, fields: Readonly<Record<string, string>>): Promise<Response> {
  const body = new URLSearchParams(fields)
  const response = await handle(new Request(origin + path, { method: 'POST', body }), '192.0.2.1')
  assert.ok(response)
  return response
}

test('a login, a refresh and a log-out', async () => {
  const login = await post('/auth/token', { username: 'alice', password: goodPassword })
  assert.equal(login.status, 200)
  assert.equal(login.headers.get('cache-control'), 'no-store')
  const { refresh_token } = await login.json()
  const refresh = await post('/auth/token', { grant_type: 'refresh_token', refresh_token })
  const { access_token } = await refresh.json()
  assert.ok(await auth.accessTokens.verify(access_token))
  const revoked = await post('/auth/revoke', { token: access_token })
  assert.deepEqual([revoked.status, await revoked.text()], [200, ''])
  const again = await post('/auth/token', { grant_type: 'refresh_token', refresh_token })
  assert.deepEqual([again.status, (await again.json()).error], [400, 'invalid_grant'])
})

const large = 'x'.repeat(17 * 1024)
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const requests: readonly [string, string, RequestInit][] = [
  [
    'a wrong password',
    '/auth/token',
    { method: 'POST', headers: form, body: 'username=alice&password=x' },
  ],
  ['a body that is no form', '/auth/token', { method: 'POST', body: '{}' }],
  ['no body', '/auth/token', { method: 'POST', headers: form }],
  ['a large body', '/auth/token', { method: 'POST', headers: form, body: large }],
  [
    'an encoded body',
    '/auth/token',
    { method: 'POST', headers: { ...form, 'content-encoding': 'gzip' }, body: 'x' },
  ],
  ['another method', '/auth/token', { method: 'GET' }],
  [
    'introspection without a client',
    '/auth/introspect',
    { method: 'POST', headers: form, body: 'token=x' },
  ],
  ['the metadata', '/.well-known/oauth-authorization-server', {}],
  ['the JWK Set', '/.well-known/jwks.json', {}],
]

for (const [name, path, init] of requests) {
  test(`${name} is answered as by the Fastify plugin`, async () => {
    const response = await handle(new Request(origin + path, init), '192.0.2.1')
    assert.ok(response)
    const expected = await app.inject({
      method: (init.method ?? 'GET') as 'GET' | 'POST',
      url: path,
      headers: Object.fromEntries(new Request(origin + path, init).headers),
      ...(typeof init.body === 'string' && { payload: init.body }),
    })
    assert.equal(response.status, expected.statusCode)
    assert.deepEqual(await response.json(), expected.json())
    for (const header of ['cache-control', 'pragma', 'www-authenticate', 'allow']) {
      assert.equal(response.headers.get(header), expected.headers[header] ?? null, header)
    }
  })
}

test('any other path is left to others', async () => {
  assert.equal(await handle(new Request(`${origin}/items`), undefined), null)
  const init = { method: 'POST' }
  assert.equal(await handle(new Request(`${origin}/.well-known/jwks.json`, init), undefined), null)
})
