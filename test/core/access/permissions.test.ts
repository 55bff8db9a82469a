import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPermissions } from '../../../src/core/access/permissions.ts'

test('permissions are known from descriptions, roles and guards, in the order they came', () => {
  const permissions = createPermissions({ 'items:read': 'Read items' }, ['items:write', '*'])
  permissions.add('items:delete')
  assert.deepEqual(Object.entries(permissions.describe()), [
    ['items:read', 'Read items'],
    ['items:write', ''],
    ['items:delete', ''],
  ])
  for (const known of ['items:read', 'items:write', 'items:delete']) {
    assert.equal(permissions.has(known), true)
  }
  assert.equal(permissions.has('items:other'), false)
})

test('a permission that a role or a guard names again keeps its description', () => {
  const permissions = createPermissions({ a: 'Does a' }, ['a', 'a'])
  permissions.add('a')
  assert.deepEqual(permissions.describe(), { a: 'Does a' })
})

test('everything may be asked for, but is not described', () => {
  const permissions = createPermissions({}, ['*'])
  assert.equal(permissions.has('*'), true)
  assert.deepEqual(permissions.describe(), {})
})

test('names of object members are unknown like any other', () => {
  const permissions = createPermissions({}, [])
  for (const name of ['constructor', '__proto__', 'toString', '']) {
    assert.equal(permissions.has(name), false)
  }
  permissions.add('constructor')
  assert.deepEqual(Object.entries(permissions.describe()), [['constructor', '']])
})

test('what cannot be a scope is refused at once (RFC 6749 §3.3)', () => {
  const permissions = createPermissions({}, [])
  for (const name of ['', 'a b', 'a"', 'a\\', 'é']) {
    assert.throws(() => permissions.add(name), TypeError)
    assert.throws(() => createPermissions({ [name]: '' }, []), TypeError)
    assert.throws(() => createPermissions({}, [name]), TypeError)
  }
})
