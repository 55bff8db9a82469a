import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createSealedProofs } from '../../../src/core/authorization/sealed-proof.ts'
import { createTestClock } from '../../fixtures.ts'

const clock = createTestClock()
const secret = randomBytes(32)
const proofs = createSealedProofs(secret, [], clock)

test('a proof says for its lifetime what was sealed in it', () => {
  const says = { session: 'a', digest: 'é"' }
  const text = proofs.seal('login', says, 600)
  // As it is in the address of a page: letters, digits, - and one dot.
  assert.match(text, /^v1\.[\w-]+$/)
  assert.deepEqual(proofs.open('login', text), says)
  clock.advance(599)
  assert.deepEqual(proofs.open('login', text), says)
  clock.advance(1)
  assert.equal(proofs.open('login', text), null)
})

test('a proof of one purpose is none of another', () => {
  assert.equal(proofs.open('consent', proofs.seal('login', {}, 600)), null)
})

test('what is not written here is nothing', () => {
  const text = proofs.seal('login', { session: 'a' }, 600)
  const body = text.slice('v1.'.length)
  const flipped = `${body[0] === 'A' ? 'B' : 'A'}${body.slice(1)}`
  const plain = Buffer.from('{"says":{"session":"b"},"expiresAt":99999999999}').toString(
    'base64url',
  )
  for (const forged of [
    ...['', '.', 'v1.', body, text.slice(1), ` ${text}`, `v1.${flipped}`, `v1.${plain}`],
    ...[`v1.${body.slice(4)}`, `${text}AAAA`, `${text}.${body}`, `${text}${'A'.repeat(3000)}`],
    createSealedProofs(randomBytes(32), [], clock).seal('login', { session: 'a' }, 600),
  ]) {
    assert.equal(proofs.open('login', forged), null)
  }
})

test('nobody reads in a proof what it says', () => {
  const text = proofs.seal('own form', { typed: 'alice@example.com' }, 600)
  const read = Buffer.from(text.slice('v1.'.length), 'base64url').toString('latin1')
  assert.doesNotMatch(`${text} ${read}`, /alice|typed/)
})

test('a proof outlives a change of the secret, if the former one is named', () => {
  const text = proofs.seal('login', { session: 'a' }, 600)
  const next = randomBytes(32)
  assert.deepEqual(createSealedProofs(next, [secret], clock).open('login', text), { session: 'a' })
  assert.equal(createSealedProofs(next, [], clock).open('login', text), null)
})
