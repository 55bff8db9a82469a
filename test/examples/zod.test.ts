import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logIn, startExample, statusOf } from './process.ts'

test('zod: schemas and guards serve one route, and one document', async (t) => {
  const { url } = await startExample(t, 'zod/app.ts')
  const headers = { ...(await logIn(url, 'alice')), 'content-type': 'application/json' }
  const me = await fetch(`${url}/me`, { headers })
  // Of a user, what the schema names.
  assert.deepEqual(await me.json(), { username: 'alice', role: 'admin' })
  const post = (text: string, init: object = { headers }) =>
    fetch(`${url}/notes`, { method: 'POST', body: JSON.stringify({ text }), ...init })
  assert.equal((await post('', {})).status, 401)
  assert.equal((await post('')).status, 400)
  const made = await post('hello')
  assert.deepEqual([made.status, await made.json()], [201, { text: 'hello', author: 'alice' }])
  assert.deepEqual(await statusOf(`${url}/admin/stats`), [401, 'Bearer'])

  const { paths, components } = await (await fetch(`${url}/docs/json`)).json()
  const { post: notes } = paths['/notes']
  assert.deepEqual(notes.security, [{ OAuth2PasswordBearer: ['notes:write'] }])
  assert.deepEqual(Object.keys(notes.responses), ['201', '401', '403', '503'])
  const { schema } = notes.requestBody.content['application/json']
  assert.equal(schema.properties.text.minLength, 1)
  assert.equal(components.securitySchemes.OAuth2PasswordBearer.type, 'oauth2')
  // Ours are JSON Schemas, and stay so.
  const token = paths['/auth/token'].post
  const form = token.requestBody.content['application/x-www-form-urlencoded'].schema
  assert.deepEqual(form, { $ref: '#/components/schemas/TokenForm' })
  assert.ok('username' in components.schemas.TokenForm.properties)
  assert.ok(token.responses[200])
})
