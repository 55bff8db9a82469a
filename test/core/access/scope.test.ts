import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatScope,
  includesPermission,
  isScopeToken,
  parseScope,
} from '../../../src/core/access/scope.ts'

test('a scope string is its scopes in order, without repeats (RFC 6749 §3.3)', () => {
  assert.deepEqual(parseScope(''), [])
  assert.deepEqual(parseScope('items:read'), ['items:read'])
  assert.deepEqual(parseScope('b a b'), ['b', 'a'])
  assert.deepEqual(parseScope('read READ'), ['read', 'READ'])
  assert.deepEqual(parseScope('! # [ ] ~ *'), ['!', '#', '[', ']', '~', '*'])
})

test('a scope string that breaks the grammar has no scopes (RFC 6749 A.4)', () => {
  const broken = [
    ' ',
    ' a',
    'a ',
    'a  b',
    'a\tb',
    'a\nb',
    'a\n',
    '"a"',
    'a\\b',
    'é',
    'a\0',
    'a\u00a0b',
  ]
  for (const scope of broken) assert.equal(parseScope(scope), null, JSON.stringify(scope))
})

test('one scope is printable ASCII without space, quote and backslash', () => {
  for (let code = 0; code < 0x180; code++) {
    const allowed = code > 0x20 && code < 0x7f && code !== 0x22 && code !== 0x5c
    assert.equal(isScopeToken(String.fromCharCode(code)), allowed, String(code))
  }
  assert.equal(isScopeToken(''), false)
  assert.equal(isScopeToken('a b'), false)
  assert.equal(isScopeToken('a\n'), false)
})

test('scopes survive being written and read', () => {
  const token = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,10}$/)
  fc.assert(
    fc.property(fc.uniqueArray(token), (scopes) => {
      assert.deepEqual(parseScope(formatScope(scopes)), scopes)
    }),
  )
})

test('a permission is contained by itself or by *, exactly and in its case (AZ-06)', () => {
  assert.equal(includesPermission(['read'], 'read'), true)
  assert.equal(includesPermission(['*'], 'read'), true)
  const others = ['read:all', 'rea', 'READ', 'read ', '', 'read*', 'r*']
  for (const other of others) {
    assert.equal(includesPermission([other], 'read'), false, other)
    assert.equal(includesPermission(['read'], other), false, other)
  }
  assert.equal(includesPermission([], 'read'), false)
  assert.equal(includesPermission(['read'], '*'), false)
})
