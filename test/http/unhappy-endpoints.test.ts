// What the endpoints answer when a part of their work is refused, or cannot be done.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnavailableError } from '../../src/core/errors.ts'
import { internals } from '../../src/core/internals.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { oauthEndpoints } from '../../src/web/oauth-endpoints.ts'
import { createTestAuth, goodPassword } from '../fixtures.ts'

type Options = Parameters<typeof createTestAuth>[0]

async function open(options: Options = {}) {
  const roles = { admin: ['*'], member: ['items:read', 'items:write'] }
  const auth = await createTestAuth({ roles, ...options })
  const { id } = await auth.users.create({ username: 'alice', password: goodPassword })
  const handle = oauthEndpoints(auth)
  const ask = async (path: string, fields?: Readonly<Record<string, string>>) => {
    const init = fields && { method: 'POST', body: new URLSearchParams(fields) }
    const answer = await handle(new Request(`http://localhost${path}`, init), '192.0.2.1')
    assert.ok(answer)
    return { status: answer.status, body: await answer.json() }
  }
  return { auth, id, ask }
}

test('a refresh that asks for more than the login was granted costs it nothing (SR-02)', async () => {
  const { ask } = await open()
  const { body: login } = await ask('/auth/token', {
    ...{ username: 'alice', password: goodPassword, scope: 'items:read' },
  })
  const refresh = { grant_type: 'refresh_token', refresh_token: login.refresh_token }
  const wider = await ask('/auth/token', { ...refresh, scope: 'items:read items:write' })
  assert.deepEqual([wider.status, wider.body.error], [400, 'invalid_scope'])
  const { status, body } = await ask('/auth/token', refresh)
  assert.deepEqual([status, body.scope], [200, 'items:read'])
})

test('the login of an inactive user whose event cannot be stored is not answered with a token', async () => {
  const store = memory()
  let isFull = false
  const append: typeof store.events.append = async (event) => {
    if (isFull) throw new UnavailableError('The disk is full', 1)
    await store.events.append(event)
  }
  const { auth, id, ask } = await open({ store: { ...store, events: { ...store.events, append } } })
  await auth.users.deactivate(id)
  const login = { username: 'alice', password: goodPassword }
  assert.equal((await ask('/auth/token', login)).status, 200)
  isFull = true
  assert.equal((await ask('/auth/token', login)).status, 503)
})

test('keys that cannot be read now are unavailable, not a mistake', async (t) => {
  const { auth, ask } = await open()
  assert.equal((await ask('/.well-known/jwks.json')).status, 200)
  t.mock.method(auth[internals].keys, 'update', () =>
    Promise.reject(new UnavailableError('The database does not answer', 1)),
  )
  assert.equal((await ask('/.well-known/jwks.json')).status, 503)
})
