import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  claimMappingProblems,
  createClaimMapping,
} from '../../../src/core/issuers/claim-mapping.ts'

const mapping = createClaimMapping({
  roles: { boss: 'admin', writer: 'editor', clerk: 'editor' },
  permissions: { read: 'items:read', all: ['items:read', 'items:write'] },
})

test('the first entry of the table that a token has is the role (XI-13)', () => {
  assert.equal(mapping.roleOf(['writer', 'boss']), 'admin')
  assert.equal(mapping.roleOf(['clerk', 'x']), 'editor')
  for (const names of [[], ['admin'], ['BOSS'], ['__proto__', 'constructor', 'hasOwnProperty']]) {
    assert.equal(mapping.roleOf(names), null)
    assert.deepEqual(mapping.permissionsOf(names), [])
  }
})

test('permissions are those of the table, each once', () => {
  assert.deepEqual(mapping.permissionsOf(['all', 'read', 'other']), ['items:read', 'items:write'])
  assert.equal(mapping.mapsPermissions, true)
  const none = createClaimMapping({ roles: {}, permissions: undefined })
  assert.deepEqual(none.permissionsOf(['read', '*']), [])
  assert.equal(none.mapsPermissions, false)
})

test('clients have a table of their own, or that of users', () => {
  const permissions = ['read', 'write']
  const one = createClaimMapping({ roles: {}, permissions })
  assert.deepEqual(one.clientPermissionsOf(['write', 'x']), ['write'])
  const two = createClaimMapping({
    roles: {},
    permissions,
    clientPermissions: { read: 'jobs:run' },
  })
  assert.deepEqual(two.clientPermissionsOf(['read', 'write']), ['jobs:run'])
  assert.deepEqual(two.permissionsOf(['read', 'write']), permissions)
  const machines = createClaimMapping({
    roles: {},
    permissions: undefined,
    clientPermissions: ['a'],
  })
  assert.equal(machines.mapsPermissions, false)
  const wrong = { roles: {}, permissions: undefined, clientPermissions: ['a b'] }
  assert.match(claimMappingProblems(wrong, null, { names: [] }).join(), /ASCII/)
})

test('of 10,000 groups a bounded number is looked at (XI-13)', () => {
  const groups = Array.from({ length: 10_000 }, (_, index) => `group ${index}`)
  assert.equal(mapping.roleOf([...groups.slice(0, 999), 'boss', ...groups]), 'admin')
  assert.equal(mapping.roleOf([...groups, 'boss']), null)
  assert.deepEqual(mapping.permissionsOf([...groups, 'read']), [])
})

test('a table with a name of its own for everything changes no object', () => {
  const hostile = createClaimMapping({
    roles: JSON.parse('{"__proto__":"admin"}'),
    permissions: JSON.parse('{"__proto__":"items:read"}'),
  })
  assert.equal(hostile.roleOf(['__proto__']), 'admin')
  assert.deepEqual(hostile.permissionsOf(['__proto__']), ['items:read'])
  assert.equal(Reflect.get({}, 'admin'), undefined)
})

test('tables that lead nowhere are refused', () => {
  const known = { names: ['admin', 'member'] }
  const problems = (roles: Record<string, string>, defaultRole?: string | null) =>
    claimMappingProblems({ roles, permissions: undefined }, defaultRole, known)
  assert.deepEqual(problems({ a: 'admin' }, 'member'), [])
  assert.deepEqual(problems({ a: 'admin' }, null), [])
  assert.match(problems({ a: 'king' }).join(), /king/)
  assert.match(problems({}, 'queen').join(), /queen/)
  const permissions = { a: ['b c'] }
  assert.match(claimMappingProblems({ roles: {}, permissions }, null, known).join(), /ASCII/)
})
