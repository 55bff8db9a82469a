import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFields, textOf } from '../../../src/stores/sql/user-fields.ts'

test('a text that was read before is not read again, and its fields cannot be changed', () => {
  const text = '{"a": {"b": [1]}}'
  const fields = readFields(text)
  assert.deepEqual(fields, { a: { b: [1] } })
  assert.equal(readFields(`${text.slice(0, 4)}${text.slice(4)}`), fields)
  assert.throws(() => Object.assign(fields.a as object, { b: 2 }), TypeError)
})

test('the same fields in another text are others, and each keeps its text', () => {
  const [one, other] = ['{"c":1}', '{ "c": 1 }']
  assert.deepEqual(readFields(one), readFields(other))
  assert.notEqual(readFields(one), readFields(other))
  assert.deepEqual([textOf(readFields(one)), textOf(readFields(other))], [one, other])
})

test('no fields are no text', () => {
  assert.deepEqual(readFields(null), {})
  assert.equal(textOf(readFields(null)), null)
})
