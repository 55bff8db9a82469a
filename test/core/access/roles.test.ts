import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRoles, type RoleMap } from '../../../src/core/access/roles.ts'
import { ConfigError } from '../../../src/core/errors.ts'

function problemsOf(map: unknown): readonly string[] {
  try {
    createRoles(map as RoleMap)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
}

test('without configuration there is an admin who may do everything and a member', () => {
  const roles = createRoles()
  assert.deepEqual(roles.names, ['admin', 'member'])
  assert.deepEqual(roles.administrative, ['admin'])
  assert.equal(roles.grants('admin', 'anything:at:all'), true)
  assert.equal(roles.grants('member', 'anything:at:all'), false)
})

test('a role grants the permissions in its list, and no other (AZ-06)', () => {
  const roles = createRoles({ root: ['*'], editor: ['items:read', 'items:write'], guest: [] })
  assert.deepEqual(roles.permissionsOf('editor'), ['items:read', 'items:write'])
  assert.equal(roles.grants('editor', 'items:write'), true)
  assert.equal(roles.grants('editor', 'items:delete'), false)
  assert.equal(roles.grants('editor', '*'), false)
  assert.equal(roles.grants('guest', 'items:read'), false)
  assert.deepEqual(roles.administrative, ['root'])
})

test('a role that is not configured grants nothing, whatever its name', () => {
  const roles = createRoles({ admin: ['*'] })
  for (const name of ['gone', '', 'constructor', '__proto__', 'toString', 'ADMIN']) {
    assert.deepEqual(roles.permissionsOf(name), [])
    assert.equal(roles.grants(name, 'x'), false)
  }
})

test('the permissions of a role are a copy that nobody can add to', () => {
  const permissions = ['a']
  const roles = createRoles({ editor: permissions })
  permissions.push('*')
  assert.equal(roles.grants('editor', 'b'), false)
  assert.throws(() => (roles.permissionsOf('editor') as string[]).push('*'), TypeError)
  assert.throws(() => (roles.permissionsOf('gone') as string[]).push('*'), TypeError)
})

test('every name and permission that cannot be used is named at once', () => {
  const problems = problemsOf({ '1st': [], 'a b': [], ok: ['x y', 'z"', 5], list: 'items:read' })
  assert.equal(problems.length, 6)
  for (const name of ['"1st"', '"a b"', '"x y"', '"z\\""', '5', '"list"']) {
    assert.ok(
      problems.some((problem) => problem.includes(name)),
      name,
    )
  }
})

test('a role name has at most 64 characters, and at least one role is needed', () => {
  assert.deepEqual(problemsOf({ ['a'.repeat(64)]: [] }), [])
  assert.equal(problemsOf({ ['a'.repeat(65)]: [] }).length, 1)
  assert.equal(problemsOf({}).length, 1)
})

test('permissions that would not fit into a token are refused', () => {
  const permission = 'p'.repeat(63)
  const map = (count: number) => ({
    editor: Array.from({ length: count }, () => permission),
  })
  assert.deepEqual(problemsOf(map(64)), [])
  assert.equal(problemsOf(map(65)).length, 1)
})

test('the permissions of a role take 4096 characters of a scope at most, spaces among them', () => {
  const fits = ['a'.repeat(2048), 'b'.repeat(2047)]
  assert.deepEqual(createRoles({ much: fits }).permissionsOf('much'), fits)
  assert.throws(
    () => createRoles({ much: [...fits.slice(1), 'a'.repeat(2049)] }),
    /4096 characters/,
  )
})
