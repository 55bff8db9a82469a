// The examples on Fastify.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAuth } from '../../src/core/auth.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { goodPassword } from '../fixtures.ts'
import { logIn, startExample, statusOf } from './process.ts'

test('quickstart: a login opens the routes that the role allows', async (t) => {
  const { url, directory } = await startExample(t, 'quickstart/app.ts')
  const auth = await createAuth({ store: sqlite(join(directory, 'app.db')) })
  await auth.users.create({ username: 'bob', password: goodPassword })
  await auth.close()
  const [alice, bob] = [await logIn(url, 'alice'), await logIn(url, 'bob')]

  assert.deepEqual(await statusOf(`${url}/me`), [401, 'Bearer'])
  const me = await fetch(`${url}/me`, { headers: bob })
  assert.deepEqual(await me.json(), { username: 'bob', role: 'member' })
  assert.deepEqual(await statusOf(`${url}/admin/stats`, { headers: bob }), [403, null])
  const stats = await fetch(`${url}/admin/stats`, { headers: alice })
  assert.equal((await stats.json()).total, 2)
  await assert.rejects(logIn(url, 'alice', 'another password'), /401/)
})

test('permissions: the role says what, the team says where', async (t) => {
  const environment = { DEMO_PASSWORD: goodPassword }
  const { url } = await startExample(t, 'permissions/app.ts', environment)
  const [ann, eve, rob] = await Promise.all(['ann', 'eve', 'rob'].map((name) => logIn(url, name)))
  const notes = `${url}/notes`
  const post = (headers: object | undefined, text: string): RequestInit => ({
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
  })

  assert.deepEqual(await statusOf(notes), [401, 'Bearer'])
  // Refused before the body is looked at.
  assert.deepEqual(await statusOf(notes, post(undefined, '')), [401, 'Bearer'])
  const insufficient = 'Bearer error="insufficient_scope", scope="notes:write"'
  assert.deepEqual(await statusOf(notes, post(rob, 'hello')), [403, insufficient])
  assert.deepEqual(await statusOf(notes, post(eve, '')), [400, null])
  assert.deepEqual(await statusOf(notes, post(eve, 'hello')), [201, null])
  const blue = { 'x-team': 'blue' }
  assert.deepEqual(await statusOf(notes, post({ ...eve, ...blue }, 'hello')), [403, null])
  assert.deepEqual(await statusOf(notes, post({ ...ann, ...blue }, 'sky')), [201, null])

  const red = await fetch(notes, { headers: { ...rob } })
  assert.deepEqual(await red.json(), [{ team: 'red', author: 'eve', text: 'hello' }])
  const { paths } = await (await fetch(`${url}/openapi.json`)).json()
  assert.deepEqual(paths['/notes'].post.security, [{ OAuth2PasswordBearer: ['notes:write'] }])
  assert.match(paths['/notes'].post.responses[403].description, /a member of the team/)
})
