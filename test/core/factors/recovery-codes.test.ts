import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRecoveryCodes, recoveryDigestOf } from '../../../src/core/factors/recovery-codes.ts'

test('there are eight codes of 120 bits, each another one, and what is stored shows none (AC-72)', () => {
  const made = Array.from({ length: 50 }, () => makeRecoveryCodes('user'))
  const codes = made.flatMap((each) => each.codes)
  assert.equal(made[0]?.codes.length, 8)
  assert.equal(new Set(codes).size, 400)
  for (const code of codes) assert.match(code, /^([a-z2-7]{4}-){5}[a-z2-7]{4}$/)
  // 24 characters of 5 bits, each of which occurs at each place.
  const places = Array.from({ length: 24 }, (_, at) => {
    return new Set(codes.map((code) => code.replaceAll('-', '')[at])).size
  })
  assert.ok(
    places.every((different) => different > 25),
    'a place has always the same letters',
  )
  const { codes: [code = ''] = [], digests: [digest = ''] = [] } = made[0] ?? {}
  assert.equal(recoveryDigestOf('user', code), digest)
  assert.match(digest, /^[\w-]{43}$/)
  assert.notEqual(recoveryDigestOf('another user', code), digest)
})

test('capitals, spaces and hyphens make no difference (AC-73)', () => {
  const { codes, digests } = makeRecoveryCodes('user')
  const [code = ''] = codes
  for (const typed of [
    ...[code, code.toUpperCase(), code.replaceAll('-', ''), code.replaceAll('-', ' ')],
    ` ${code.split('').join(' ')}\n`,
  ]) {
    assert.equal(recoveryDigestOf('user', typed), digests[0])
  }
  for (const typed of [code.slice(1), `${code}a`, code.replace(/./, '1'), '', 7, null]) {
    assert.equal(recoveryDigestOf('user', typed), null)
  }
})
