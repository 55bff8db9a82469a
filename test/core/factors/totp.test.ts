import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeBase32, hotp, readCode, stepAt, stepOf } from '../../../src/core/factors/totp.ts'

const secret = Buffer.from('12345678901234567890')

// RFC 4226 appendix D.
const codes = [
  ...['755224', '287082', '359152', '969429', '338314'],
  ...['254676', '287922', '162583', '399871', '520489'],
]

test('the codes of ten counters are those of RFC 4226, appendix D (AC-62)', () => {
  assert.deepEqual(
    codes.map((_, counter) => hotp(secret, counter)),
    codes,
  )
})

// RFC 6238 appendix B, with the secrets of its errata: as long as the hash.
const instants = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000]
const vectors = {
  sha1: ['94287082', '07081804', '14050471', '89005924', '69279037', '65353130'],
  sha256: ['46119246', '68084774', '67062674', '91819424', '90698825', '77737706'],
  sha512: ['90693936', '25091201', '99943326', '93441116', '38618901', '47863826'],
}
const lengths = { sha1: 20, sha256: 32, sha512: 64 }

for (const hash of ['sha1', 'sha256', 'sha512'] as const) {
  test(`the codes of six instants with ${hash} are those of RFC 6238, appendix B (AC-62)`, () => {
    const long = Buffer.from('1234567890'.repeat(7)).subarray(0, lengths[hash])
    const made = instants.map((at) => hotp(long, stepAt(at), { digits: 8, hash }))
    assert.deepEqual(made, vectors[hash])
  })
}

test('a code is of the step of now, the one before or the one after, and of no other (AC-65)', () => {
  const now = 30 * 1000 + 29
  const found = [997, 998, 999, 1000, 1001, 1002, 1003].map((step) =>
    stepOf(secret, hotp(secret, step), now),
  )
  assert.deepEqual(found, [null, null, 999, 1000, 1001, null, null])
  assert.equal(stepOf(secret, '', now), null)
  assert.equal(stepOf(secret, hotp(secret, 1000, { digits: 8 }), now), null)
})

test('a code has six ASCII digits, with spaces between if somebody likes (AC-71)', () => {
  for (const [typed, read] of [
    ['012345', '012345'],
    [' 012 345 ', '012345'],
    ['000000', '000000'],
    ['٠١٢٣٤٥', null],
    ['０１２３４５', null],
    ['12345', null],
    ['1234567', null],
    ['12 34 5', null],
    ['12345a', null],
    ['123\n456', null],
    ['-12345', null],
    ['', null],
    [123456, null],
    [null, null],
  ] as const) {
    assert.equal(readCode(typed), read, String(typed))
  }
})

// RFC 4648 §10.
test('base32 is that of RFC 4648 without padding', () => {
  for (const [text, encoded] of [
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ] as const) {
    assert.equal(encodeBase32(Buffer.from(text)), encoded)
  }
})
