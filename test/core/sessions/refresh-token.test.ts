import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRefreshTokens } from '../../../src/core/sessions/refresh-token.ts'

const secret = randomBytes(32)
const tokens = createRefreshTokens(secret)
const sessionId = randomUUID()

test('a refresh token says its session and its generation, in VSCHAR alone (SR-01)', () => {
  const token = tokens.format(sessionId, 7)
  assert.match(token, /^[\x21-\x7e]+$/)
  assert.deepEqual(tokens.parse(token), { sessionId, generation: 7 })
})

test('the same session and generation make the same token, another of either another one', () => {
  assert.equal(tokens.format(sessionId, 7), tokens.format(sessionId, 7))
  assert.notEqual(tokens.format(sessionId, 7), tokens.format(sessionId, 8))
  assert.notEqual(tokens.format(sessionId, 7), tokens.format(randomUUID(), 7))
})

test('what the database holds of a session makes no token without the secret (SR-01)', () => {
  const stranger = createRefreshTokens(randomBytes(32))
  assert.equal(tokens.parse(stranger.format(sessionId, 7)), null)
})

test('a token with any character changed is not one of ours', () => {
  const token = tokens.format(sessionId, 7)
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom(...'aZ09-_.'), (at, character) => {
      fc.pre(token[at] !== character)
      const changed = token.slice(0, at) + character + token.slice(at + 1)
      assert.equal(tokens.parse(changed), null)
    }),
  )
})

test('the generation of one token cannot be put into another', () => {
  const forged = tokens.format(sessionId, 7).replace('.7.', '.8.')
  assert.equal(tokens.parse(forged), null)
})

test('no text makes parsing throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => tokens.parse(text) === null))
  for (const text of ['', 'prt_', `prt_${sessionId}.01.${'a'.repeat(43)}`, 'x'.repeat(100_000)]) {
    assert.equal(tokens.parse(text), null)
  }
})

test('what a previous secret wrote is read, and what is written is the new one’s', () => {
  const oldSecret = randomBytes(32)
  const old = createRefreshTokens(oldSecret)
  const both = createRefreshTokens(secret, [randomBytes(32), oldSecret])
  assert.deepEqual(both.parse(old.format(sessionId, 7)), { sessionId, generation: 7 })
  assert.equal(both.format(sessionId, 7), tokens.format(sessionId, 7))
  assert.equal(old.parse(both.format(sessionId, 7)), null)
})

test('the derivation and the format stay as they are, for tokens that were issued before (SR-01)', () => {
  const fixed = createRefreshTokens(Buffer.from('0123456789abcdef0123456789abcdef'))
  const token =
    'prt_01890a5d-ac96-774b-bcce-b302099a8057.42.wqnr_1Nm4MAy-xtjaRebrc2Lhzs-6BSlVLLG8yZ2Vo0'
  assert.equal(fixed.format('01890a5d-ac96-774b-bcce-b302099a8057', 42), token)
  assert.deepEqual(fixed.parse(token), {
    sessionId: '01890a5d-ac96-774b-bcce-b302099a8057',
    generation: 42,
  })
})
