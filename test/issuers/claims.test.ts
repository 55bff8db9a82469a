import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audienceOf, listOf, member, namesMax, namesOf, textOf } from '../../src/issuers/claims.ts'

test('a member is one of the object itself, and of nothing else there is one', () => {
  assert.equal(member({ roles: 5 }, 'roles'), 5)
  assert.equal(member({ roles: null }, 'roles'), null)
  for (const value of [null, undefined, 'text', 5, true, {}, []]) {
    assert.equal(member(value, 'roles'), undefined)
  }
  assert.equal(member('text', 'length'), undefined)
  assert.equal(member({}, 'toString'), undefined)
})

test('a text is one of 1 to 255 characters, none of them a control character', () => {
  for (const text of ['a', 'a b', '\u00e9', 'a'.repeat(255)]) {
    assert.equal(textOf({ name: text }, 'name'), text)
  }
  for (const value of ['', 'a'.repeat(256), 'a\nb', 'a\0', 5, null, undefined, ['a']]) {
    assert.equal(textOf({ name: value }, 'name'), null)
  }
})

test('names are those of a list, or of a text with spaces between, in their bounds', () => {
  assert.deepEqual(namesOf('a b  c'), ['a', 'b', 'c'])
  const longest = 'n'.repeat(256)
  assert.deepEqual(namesOf(['a', '', 5, null, longest, `${longest}n`]), ['a', longest])
  const many = Array.from({ length: namesMax + 1 }, (_, index) => `name${index}`)
  assert.deepEqual(namesOf(many), many.slice(0, namesMax))
  for (const value of [undefined, null, 5, { 0: 'a' }, '']) assert.deepEqual(namesOf(value), [])
})

test('an audience is one text or several, and malformed if any of it is none', () => {
  assert.deepEqual(audienceOf({ aud: 'api' }), ['api'])
  assert.deepEqual(audienceOf({ aud: ['api', 'other'] }), ['api', 'other'])
  for (const aud of [undefined, null, [], 5, ['api', 5]]) assert.equal(audienceOf({ aud }), null)
  assert.equal(audienceOf({}), null)
})

test('one text is a list of one, and no text an empty list', () => {
  assert.deepEqual([listOf('a'), listOf(['a', 'b']), listOf(undefined)], [['a'], ['a', 'b'], []])
})
