import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeyedDigest, createMac } from '../../../src/core/keys/keyed-digest.ts'

const secret = new Uint8Array(32).fill(7)

// By Python's hmac: what databases hold must be found again by every later version.
test('a MAC and a digest are what they were in every version before', () => {
  assert.equal(createMac(secret, 'purpose')('text'), '3TxpEcEkUkDdJSj4HJMBkPt3MrFxpOmbUJzQhtZM6U8')
  assert.equal(createKeyedDigest(secret, 'purpose')('account', 'alice'), 'nEHnumt_OjuVhbERMP-AUI')
})

test('a digest is another one for another secret, purpose, text or place of a comma', () => {
  const digest = createKeyedDigest(secret, 'purpose')
  const others = [
    digest('a', 'b'),
    digest('ab'),
    digest('a,b'),
    digest('b', 'a'),
    createKeyedDigest(secret, 'another')('a', 'b'),
    createKeyedDigest(new Uint8Array(32).fill(8), 'purpose')('a', 'b'),
  ]
  assert.equal(new Set(others).size, others.length)
  assert.ok(others.every((each) => each.length === 22))
})
