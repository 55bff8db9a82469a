// The example for Next.js without Next.js: its handlers are functions from a request to an answer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goodPassword } from '../fixtures.ts'
import { startExample, statusOf } from './process.ts'

test('route handlers of Next.js serve a login and a guarded route', async (t) => {
  const { url } = await startExample(t, '../test/examples/next-server.ts')
  const login = (password: string) =>
    fetch(`${url}/api/auth/token`, {
      method: 'POST',
      body: new URLSearchParams({ username: 'alice', password }),
    })
  assert.equal((await login('another password')).status, 401)
  const { access_token } = await (await login(goodPassword)).json()
  const headers = { authorization: `Bearer ${access_token}` }
  assert.deepEqual(await statusOf(`${url}/api/me`), [401, 'Bearer'])
  const me = await fetch(`${url}/api/me`, { headers })
  assert.deepEqual(await me.json(), { username: 'alice', role: 'admin' })
  const sent = await fetch(`${url}/api/me`, { method: 'POST', headers, body: '{"a":1}' })
  assert.deepEqual([sent.status, await sent.json()], [201, { received: { a: 1 } }])

  const body = new URLSearchParams({ token: access_token })
  assert.equal((await fetch(`${url}/api/auth/revoke`, { method: 'POST', body })).status, 200)
  assert.equal((await fetch(`${url}/api/me`, { headers })).status, 401)
  assert.equal((await fetch(`${url}/api/auth/nowhere`)).status, 404)

  const metadata = await fetch(`${url}/.well-known/oauth-authorization-server`)
  const { token_endpoint, jwks_uri } = await metadata.json()
  assert.equal(token_endpoint, 'http://localhost:3000/api/auth/token')
  const keys = await fetch(url + new URL(jwks_uri).pathname)
  assert.equal((await keys.json()).keys.length, 1)
})
