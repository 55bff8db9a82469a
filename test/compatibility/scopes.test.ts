// What scopes a login has that is like FastAPI's, and that nothing else is granted otherwise than before.

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import { goodPassword } from '../fixtures.ts'
import {
  assertError,
  basic,
  createTestClients,
  nobody,
  plainSecret,
  post,
} from '../http/clients.ts'

const clients: AuthOptions['clients'] = [
  { id: 'machine', secret: plainSecret, grants: ['client_credentials'], scopes: ['items:read'] },
  { id: 'reader', scopes: ['items:read'] },
  { id: 'backend', secret: plainSecret },
]
const { auth, token, login, refresh } = await createTestClients({
  clients,
  compatibility: 'fastapi',
})
after(() => auth.close())

describe('the scope of a login like that of FastAPI', () => {
  for (const [asked, granted, why] of [
    ['', '', 'nothing where nothing is asked for'],
    ['items:read', 'items:read', 'what is asked for'],
    ['items:read unknown', 'items:read', 'without what nobody knows'],
    ['unknown', '', 'nothing where nobody knows any of it'],
    ['stats:read items:write', 'items:write', 'without what the role does not grant'],
    ['stats:read', '', 'nothing where the role grants none of it'],
    ['  items:read  items:write ', 'items:read items:write', 'parted by any space'],
    ['items:read\titems:read "', 'items:read', 'without repeats and what cannot be a scope'],
    ['*', 'items:read items:write', 'all that the role grants, where all is asked for'],
  ] as const) {
    test(`is ${why}: ${JSON.stringify(asked)}`, async () => {
      const answer = await login(nobody, 'editor', asked)
      assert.equal(answer.scope, granted)
      const verified = await auth.accessTokens.verify(answer.access_token)
      assert.deepEqual(verified?.scopes, granted.split(' ').filter(Boolean))
    })
  }

  test('has nothing that nobody knows, though the role grants everything', async () => {
    assert.equal((await login(nobody, 'admin', 'items:read unknown')).scope, 'items:read')
  })

  test('is no more than the client may have', async () => {
    assert.equal(
      (await login(post('reader'), 'editor', 'items:write items:read')).scope,
      'items:read',
    )
    assert.equal((await login(post('reader'), 'editor', 'items:write')).scope, '')
  })

  test('is no more after a refresh', async () => {
    const { refresh_token } = await login(nobody, 'editor')
    const { status, body } = await refresh(nobody, refresh_token)
    assert.deepEqual([status, 'scope' in body && body.scope], [200, ''])
  })
})

describe('beside a login like that of FastAPI', () => {
  test('a refresh refuses a scope that nobody knows', async () => {
    const { refresh_token } = await login(nobody, 'editor', 'items:read')
    const fields = { grant_type: 'refresh_token', refresh_token, scope: 'unknown' }
    assertError(await token(nobody, fields), 400, 'invalid_scope')
  })

  test('a client that acts for itself has all of its scopes, and none that nobody knows', async () => {
    const machine = basic('machine', plainSecret)
    const grant = { grant_type: 'client_credentials' }
    const { body } = await token(machine, grant)
    assert.equal('scope' in body && body.scope, 'items:read')
    assertError(await token(machine, { ...grant, scope: 'unknown' }), 400, 'invalid_scope')
  })

  test('a wrong password is an OAuth error to a client that has authenticated', async () => {
    const fields = { username: 'editor', password: 'wrong' }
    assertError(await token(basic('backend', plainSecret), fields), 400, 'invalid_grant')
  })

  test('every other refusal of a login keeps the members that OAuth clients read', async () => {
    assertError(
      await token(basic('backend', 'x'), { username: 'a', password: 'b' }),
      401,
      'invalid_client',
    )
    assertError(await token(nobody, { username: 'editor' }), 400, 'invalid_request')
    for (let i = 0; i < 12; i++) await token(nobody, { username: 'member', password: 'wrong' })
    const { status, body } = await token(nobody, { username: 'member', password: goodPassword })
    assert.equal(status, 429)
    assert.ok('error' in body && body.error === 'temporarily_unavailable')
    assert.equal('detail' in body && body.detail, 'Too many failed attempts, try again later')
  })
})
