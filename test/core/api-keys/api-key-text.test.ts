import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { apiKeyDigest, isApiKey, newApiKey } from '../../../src/core/api-keys/api-key-text.ts'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

test('a key is its prefix, 30 random characters, and their CRC-32 in base62 (AC-111)', () => {
  const key = newApiKey('pcat')
  const [, secret = '', checksum = ''] = /^pcat_([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/.exec(key) ?? []
  const value = [...checksum].reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0)
  assert.equal(value, crc32(secret))
  assert.ok(isApiKey('pcat', key))
})

test('a checksum is that of other programs, with zeros before it (AC-111)', () => {
  // Worked out with zlib of Python.
  assert.ok(isApiKey('pcat', 'pcat_0000000000000000000000000000002C8GjS'))
  assert.ok(isApiKey('pcat', 'pcat_00000000000000000000000000040500azb7'))
})

test('no two keys are the same, and every digit occurs (AC-111)', () => {
  const keys = Array.from({ length: 400 }, () => newApiKey('pcat'))
  assert.equal(new Set(keys).size, keys.length)
  assert.equal(new Set(keys.map((key) => key.slice(5, 35)).join('')).size, 62)
})

test('any other character, at any place, makes it no key (AC-111)', () => {
  const key = newApiKey('pcat')
  for (let place = 0; place < key.length; place++) {
    for (const digit of `${digits}_.-`) {
      if (digit === key[place]) continue
      const mistyped = key.slice(0, place) + digit + key.slice(place + 1)
      assert.equal(isApiKey('pcat', mistyped), false, `${place}: ${digit}`)
    }
  }
})

test('a shorter or longer text, or one of another prefix, is no key (AC-111)', () => {
  const key = newApiKey('pcat')
  for (const other of ['', 'pcat', 'pcat_', key.slice(1), key.slice(0, -1), `${key}0`, `${key} `]) {
    assert.equal(isApiKey('pcat', other), false)
  }
  assert.equal(isApiKey('acme', key), false)
  assert.equal(isApiKey('pca', key), false)
})

test('of a key a digest is kept, which is another for every key (AC-112)', () => {
  const [one, other] = [newApiKey('pcat'), newApiKey('pcat')]
  assert.match(apiKeyDigest(one), /^[\w-]{43}$/)
  assert.notEqual(apiKeyDigest(one), apiKeyDigest(other))
})
