// Tokens that another Portcullis has issued to clients of somebody else.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  createResourceServer,
  type ResourceServer,
} from '../../src/core/issuers/resource-server.ts'
import { createGuards, type Guards } from '../../src/http/guards/guards.ts'
import { rfc9068 } from '../../src/issuers/rfc9068.ts'
import { createTestClock } from '../fixtures.ts'
import { makeKey, type ProviderKey, sign, startProvider, type TestProvider } from './provider.ts'

const clock = createTestClock()
let provider: TestProvider
let key: ProviderKey
let server: ResourceServer
let guards: Guards

before(async () => {
  key = await makeKey('k1', 'ES256')
  provider = await startProvider()
  provider.publish([key])
  const issuer = rfc9068({
    ...{ issuer: provider.origin, audience: 'api', allowInsecureLoopback: true },
    roles: { admin: 'admin' },
    permissions: { 'items:read': 'items:read' },
  })
  const roles = { admin: ['*'], member: ['items:write'] }
  const permissions = { 'items:read': 'Read items' }
  server = createResourceServer({ issuers: [issuer], roles, permissions, clock })
  guards = createGuards(server)
})
after(async () => {
  await Promise.all([server.close(), provider.close()])
})

async function statuses(claims: object): Promise<Readonly<Record<string, number>>> {
  const token = await sign(
    key,
    {
      ...{ iss: provider.origin, sub: 'subject-1', aud: 'api', jti: '1', client_id: 'calendar' },
      ...{ iat: clock(), exp: clock() + 300, scope: 'openid items:read', ...claims },
    },
    { typ: 'at+jwt' },
  )
  const request = { headers: { authorization: `Bearer ${token}` } }
  const asked = {
    user: guards.activeUser,
    role: guards.requireRole('admin'),
    named: guards.requirePermission('items:read'),
    ofRole: guards.requirePermission('items:write'),
  }
  const found = Object.entries(asked).map(async ([name, guard]) => {
    const status = await Promise.resolve(guard(request)).then(
      () => 200,
      (error: { readonly statusCode: number }) => error.statusCode,
    )
    return [name, status] as const
  })
  return Object.fromEntries(await Promise.all(found))
}

test('a service elsewhere gives the client of a third party what its scope names, and nothing of its user (OP-40)', async () => {
  const foreign = { user: 403, role: 403, named: 200, ofRole: 403 }
  assert.deepEqual(await statuses({ roles: ['admin'], third_party: true }), foreign)
  // Neither has it what everybody may.
  assert.deepEqual(await statuses({ third_party: true }), foreign)
  const own = { user: 200, role: 200, named: 200, ofRole: 200 }
  assert.deepEqual(await statuses({ roles: ['admin'] }), own)
})
