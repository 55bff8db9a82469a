import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { seal, unseal, unsealWithAny } from '../../../src/core/keys/sealed-box.ts'

const key = randomBytes(32)

function altered(sealed: string, index: number): string {
  const bytes = Buffer.from(sealed.slice('v1.'.length), 'base64url')
  const byte = bytes[index % bytes.length] ?? 0
  bytes[index % bytes.length] = byte ^ 1
  return `v1.${bytes.toString('base64url')}`
}

test('any text comes out as it went in, under its key and its context', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, context) => {
      assert.equal(unseal(seal(text, key, context), key, context), text)
    }),
  )
})

test('of several keys the one that fits opens a box, and the first is that of today', () => {
  const before = randomBytes(32)
  const sealed = seal('text', key, 'row')
  assert.deepEqual(unsealWithAny(sealed, [key, before], 'row'), { text: 'text', isToday: true })
  assert.deepEqual(unsealWithAny(sealed, [before, key], 'row'), { text: 'text', isToday: false })
  assert.equal(unsealWithAny(sealed, [before], 'row'), null)
  assert.equal(unsealWithAny(sealed, [key], 'another row'), null)
})

test('a box with any bit changed does not open', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, index) => {
      assert.equal(unseal(altered(seal(text, key, 'row'), index), key, 'row'), null)
    }),
  )
})

test('a box does not open under another key, or a key of another length', () => {
  const sealed = seal('secret', key, 'row')
  for (const other of [randomBytes(32), key.subarray(0, 31), Buffer.alloc(0), Buffer.alloc(33)]) {
    assert.equal(unseal(sealed, other, 'row'), null)
  }
  assert.equal(unseal(sealed, key, 'row'), 'secret')
})

test('a box that was moved to another row does not open', () => {
  const sealed = seal('secret', key, 'signing key a')
  assert.equal(unseal(sealed, key, 'signing key b'), null)
  assert.equal(unseal(sealed, key, ''), null)
})

test('what is no box does not open', () => {
  const sealed = seal('secret', key, 'row')
  const others = ['', 'v1.', 'v1.AAAA', sealed.slice(3), `v2.${sealed.slice(3)}`, 'secret']
  for (const text of [...others, sealed.slice(0, -4), `x${sealed}`, `v1.${sealed}`]) {
    assert.equal(unseal(text, key, 'row'), null, text)
  }
})

test('the same text is sealed differently each time, and a box does not show it', () => {
  const boxes = Array.from({ length: 50 }, () => seal('secret', key, 'row'))
  assert.equal(new Set(boxes.map((box) => box.slice(0, 19))).size, boxes.length)
  for (const box of boxes) {
    assert.match(box, /^v1\.[\w-]+$/)
    assert.equal(Buffer.from(box.slice(3), 'base64url').includes('secret'), false)
  }
})

test('nothing is sealed under a key that is too short', () => {
  assert.throws(() => seal('secret', randomBytes(16), 'row'), RangeError)
  assert.throws(() => seal('secret', Buffer.alloc(0), 'row'), RangeError)
})
