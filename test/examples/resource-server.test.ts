import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audience, resources, startRunningProvider } from '../issuers/running-provider.ts'
import { startExample, statusOf } from './process.ts'

test('resource-server: the tokens of another issuer, by its roles and permissions', async (t) => {
  const provider = await startRunningProvider()
  t.after(() => provider.close())
  const environment = { ISSUER: provider.issuer, AUDIENCE: audience }
  const { url } = await startExample(t, 'resource-server/app.ts', environment)
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  const { access_token, id_token } = await provider.login('alice')

  assert.deepEqual(await statusOf(`${url}/me`), [401, 'Bearer'])
  const me = await fetch(`${url}/me`, bearer(access_token))
  const { username, role } = await me.json()
  assert.deepEqual([me.status, username, role], [200, 'alice', 'guest'])
  assert.equal((await statusOf(`${url}/items`, bearer(access_token)))[0], 200)
  const remove = { method: 'DELETE', ...bearer(access_token) }
  assert.equal((await statusOf(`${url}/items`, remove))[0], 403)
  // A machine is no user.
  const machine = await provider.machineToken()
  assert.equal((await statusOf(`${url}/me`, bearer(machine)))[0], 403)
  const other = await provider.login('alice', { client: 'other', resource: resources.other })
  for (const wrong of [id_token, other.access_token, 'x.y.z']) {
    assert.equal((await statusOf(`${url}/items`, bearer(wrong)))[0], 401)
  }
  assert.deepEqual(await statusOf(`${url}/auth/token`, { method: 'POST' }), [404, null])
})
