import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkOutput,
  decodeBase64,
  encodeBase64,
  HashRefusal,
} from '../../../src/core/passwords/formats/stored-hash.ts'

test('an output of 16 to 128 bytes is long enough, and not absurdly long', () => {
  for (const bytes of [16, 17, 127, 128]) checkOutput('scrypt', bytes)
  for (const bytes of [0, 15, 129, 1000]) {
    assert.throws(() => checkOutput('scrypt', bytes), {
      name: 'HashRefusal',
      message: `The scrypt hash must be of 16 to 128 bytes: this one is ${bytes}.`,
    })
    assert.throws(() => checkOutput('scrypt', bytes), HashRefusal)
  }
})

test('Base64 is read in each alphabet, padded or not, and written without padding', () => {
  const bytes = Buffer.from([0xfb, 0xef, 0xff, 0xfe])
  for (const text of ['++///g==', '++///g', '..///g', '--__/g', '-.__/g==']) {
    assert.deepEqual(decodeBase64(text), bytes, text)
  }
  assert.equal(encodeBase64(bytes), '++///g')
  assert.equal(encodeBase64(Buffer.from([1, 2])), 'AQI')
  assert.equal(encodeBase64(Buffer.from([1, 2, 3])), 'AQID')
})
