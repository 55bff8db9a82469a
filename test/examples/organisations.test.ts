import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createAuth } from '../../src/core/auth.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { goodPassword } from '../fixtures.ts'
import { logIn, startExample, statusOf } from './process.ts'

test('organisations: a route lets only members of its organisation in', async (t) => {
  const { url, directory } = await startExample(t, 'organisations/app.ts')
  const auth = await createAuth({ store: sqlite(join(directory, 'app.db')) })
  const { id } = await auth.users.create({ username: 'bob', password: goodPassword })
  await auth.close()
  const [alice, bob] = [await logIn(url, 'alice'), await logIn(url, 'bob')]
  const projects = (organisation: string) => `${url}/organisations/${organisation}/projects`

  assert.deepEqual(await statusOf(projects('acme')), [401, 'Bearer'])
  const mine = await fetch(projects('acme'), { headers: alice })
  assert.deepEqual(await mine.json(), { of: 'acme', locale: 'en' })
  assert.deepEqual(await statusOf(projects('globex'), { headers: alice }), [403, null])
  assert.deepEqual(await statusOf(projects('acme'), { headers: bob }), [403, null])

  const move = { method: 'PUT', headers: alice }
  assert.deepEqual(
    await statusOf(`${url}/organisations/globex/members/${id}`, { ...move, headers: bob }),
    [403, null],
  )
  const moved = await fetch(`${url}/organisations/globex/members/${id}`, move)
  assert.deepEqual(await moved.json(), { organisation: 'globex', locale: 'en' })
  // With the token from before.
  assert.deepEqual(await statusOf(projects('globex'), { headers: bob }), [200, null])

  const change = (body: object): RequestInit => ({
    method: 'PATCH',
    headers: { ...bob, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.deepEqual(await statusOf(`${url}/me`, change({ locale: 'de' })), [200, null])
  assert.deepEqual(await statusOf(`${url}/me`, change({ locale: 'fr' })), [422, null])
  const after = await fetch(projects('globex'), { headers: bob })
  assert.deepEqual(await after.json(), { of: 'globex', locale: 'de' })
})
