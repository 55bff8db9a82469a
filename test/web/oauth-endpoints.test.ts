import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createTestAuth, type TestAuth } from '../../src/testing/test-auth.ts'
import { type OAuthHandler, oauthEndpoints } from '../../src/web/oauth-endpoints.ts'
import { goodPassword } from '../fixtures.ts'

const origin = 'http://localhost'
let auth: TestAuth
let handle: OAuthHandler

before(async () => {
  auth = await createTestAuth()
  await auth.users.create({ username: 'alice', password: goodPassword })
  handle = oauthEndpoints(auth)
})
after(async () => {
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
  assert.deepEqual([revoked.status, await revoked.text()], [200, '{}'])
  const again = await post('/auth/token', { grant_type: 'refresh_token', refresh_token })
  assert.deepEqual([again.status, (await again.json()).error], [400, 'invalid_grant'])
})

test('any other path is left to others', async () => {
  assert.equal(await handle(new Request(`${origin}/items`), undefined), null)
})
