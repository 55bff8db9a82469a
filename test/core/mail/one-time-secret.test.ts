import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createCodeDigests,
  createOneTimeSecrets,
  tokenDigestOf,
} from '../../../src/core/mail/one-time-secret.ts'
import type { OneTimeTokenKind } from '../../../src/core/mail/one-time-token-store.ts'
import { secret } from './mail-room.ts'

const kinds: readonly OneTimeTokenKind[] = [
  ...(['registration', 'invitation', 'password_reset', 'email_change', 'email_restore'] as const),
]
const other = Buffer.from('00112233445566778899aabbccddeeff')

test('a token is the same for a mail and a kind, and another for every other (AC-26, AC-27)', () => {
  const seen = new Set<string>()
  for (const from of [secret, other]) {
    const { tokenOf } = createOneTimeSecrets(from)
    for (const kind of kinds) {
      for (const mail of ['mail-1', 'mail-2']) {
        const token = tokenOf(mail, kind)
        assert.match(token, /^pot_[\w-]{43}$/)
        assert.equal(Buffer.from(token.slice(4), 'base64url').length, 32)
        assert.equal(createOneTimeSecrets(from).tokenOf(mail, kind), token)
        seen.add(token)
      }
    }
  }
  assert.equal(seen.size, 2 * kinds.length * 2)
})

test('a code is 8 digits, zeros in front included, and every digit is about as likely', () => {
  const { codeOf } = createOneTimeSecrets(secret)
  const codes = Array.from({ length: 2000 }, (_, each) => codeOf(`mail-${each}`, 'email_change'))
  assert.ok(codes.every((code) => /^\d{8}$/.test(code)))
  assert.equal(new Set(codes).size, codes.length)
  assert.ok(codes.some((code) => code.startsWith('0')))
  assert.equal(codeOf('mail-1', 'email_change'), codes[1])
})

test('a digest of a token is that of its kind alone (AC-27)', () => {
  const digests = kinds.map((kind) => tokenDigestOf(kind, 'pot_x'))
  assert.equal(new Set(digests).size, kinds.length)
  assert.equal(tokenDigestOf('invitation', 'pot_x'), digests[1])
})

test('the digest of a code is keyed and of one subject; one under a secret of before is among them', () => {
  const before = createCodeDigests(other)('email_change', 'user-1', '01234567')
  const now = createCodeDigests(secret, [other])
  const digests = now('email_change', 'user-1', '01234567')
  assert.equal(digests.length, 2)
  assert.notEqual(digests[0], digests[1])
  assert.equal(digests[1], before[0])
  const others = [
    ...now('email_change', 'user-2', '01234567'),
    ...now('email_restore', 'user-1', '01234567'),
    ...now('email_change', 'user-1', '01234568'),
  ]
  assert.deepEqual(
    others.filter((each) => digests.includes(each)),
    [],
  )
})
