// Which RSA keys are trusted: keys of our own, made to be wrong in one way each.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { isSoundRsaKey } from '../../src/issuers/rsa-key.ts'

function makeModulus(bits: number): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  return String(publicKey.export({ format: 'jwk' }).n)
}

const base64url = (number: bigint): string => {
  const hex = number.toString(16)
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url')
}

const modulus = makeModulus(2048)
const f4 = base64url(65537n)

test('a key of 2048 bits or more is sound, one with a bit less is not (JW-06)', () => {
  assert.equal(isSoundRsaKey(modulus, f4), true)
  assert.equal(isSoundRsaKey(makeModulus(1024), f4), false)
  // Neither is a multiple of a small prime, or a power of 65537 modulo each.
  const least = (1n << 2047n) + 1n
  assert.equal(isSoundRsaKey(base64url(least), f4), true)
  assert.equal(isSoundRsaKey(base64url((1n << 2047n) - 1n), f4), false)
  assert.equal(isSoundRsaKey('', f4), false)
})

test('an exponent is 65537 or more, and odd (JW-06)', () => {
  for (const [exponent, sound] of [
    [1n, false],
    [3n, false],
    [17n, false],
    [65535n, false],
    [65536n, false],
    [65537n, true],
    [65538n, false],
    [65539n, true],
    [(1n << 32n) + 1n, true],
    [1n << 32n, false],
  ] as const) {
    assert.equal(isSoundRsaKey(modulus, base64url(exponent)), sound, String(exponent))
  }
  assert.equal(isSoundRsaKey(modulus, ''), false)
})

test('a key of the library of ROCA is not trusted (CVE-2017-15361)', () => {
  // Such a modulus is a power of 65537 modulo the product of the first primes.
  const primes = [
    ...[2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n, 41n, 43n, 47n, 53n, 59n, 61n, 67n],
    ...[71n, 73n, 79n, 83n, 89n, 97n, 101n, 103n, 107n, 109n, 113n, 127n, 131n, 137n, 139n, 149n],
    ...[151n, 157n, 163n, 167n],
  ]
  const product = primes.reduce((all, prime) => all * prime, 1n)
  const multiple = ((1n << 2047n) / product + 1n) * product
  let power = 1n
  for (let exponent = 0; exponent < 50; exponent++) {
    const weak = multiple + power
    assert.equal(isSoundRsaKey(base64url(weak), f4), false, `65537^${exponent}`)
    power = (power * 65537n) % product
  }
  // 2 is no power of 65537 modulo 11.
  assert.equal(isSoundRsaKey(base64url(multiple + 13n * 13n), f4), true)
})
