import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BearerError, Forbidden, Refusal } from '../../src/http/refusal.ts'

// RFC 6750 §3: `error` and `error_description` outside of %x20-21 / %x23-5B / %x5D-7E are not allowed.
const challengeGrammar =
  /^Bearer error="[a-z_]+", error_description="[\x20-\x21\x23-\x5b\x5d-\x7e]+"(, scope="[\x21\x23-\x5b\x5d-\x7e ]+")?$/

describe('a challenge', () => {
  test('without credentials in the request is bare (BR-02)', () => {
    const error = new BearerError()
    assert.equal(error.statusCode, 401)
    assert.equal(error.message, 'Not authenticated')
    assert.deepEqual(error.headers, { 'www-authenticate': 'Bearer' })
    assert.equal(error.code, undefined)
  })

  for (const [code, status, detail] of [
    ['invalid_request', 400, 'Send one Authorization header of the form: Bearer <token>'],
    ['invalid_token', 401, 'Could not validate credentials'],
    ['insufficient_scope', 403, 'Not enough permissions'],
  ] as const) {
    test(`for ${code} has status ${status} and says why in the grammar of RFC 6750 (BR-02)`, () => {
      const error = new BearerError(code)
      assert.equal(error.statusCode, status)
      assert.equal(error.message, detail)
      const challenge = error.headers['www-authenticate'] ?? ''
      assert.match(challenge, challengeGrammar)
      assert.ok(challenge.startsWith(`Bearer error="${code}"`), challenge)
      assert.doesNotMatch(challenge, /scope=/)
    })
  }

  test('for a missing scope names the scopes that are needed (BR-02)', () => {
    const error = new BearerError('insufficient_scope', ['items:read', 'items:write'])
    const challenge = error.headers['www-authenticate'] ?? ''
    assert.match(challenge, challengeGrammar)
    assert.match(challenge, /, scope="items:read items:write"$/)
  })
})

describe('a refusal', () => {
  test('of a known user has status 403 and no challenge', () => {
    assert.equal(new Forbidden().statusCode, 403)
    assert.equal(new Forbidden().message, 'Not enough permissions')
    assert.equal(new Forbidden('Inactive user').message, 'Inactive user')
    assert.deepEqual(new Forbidden().headers, {})
  })

  test("of an application's own carries its status, headers and private cause", () => {
    const cause = new Error('private')
    const error = new Refusal(429, 'Later', { 'retry-after': '5' }, { cause })
    assert.equal(error.statusCode, 429)
    assert.deepEqual(error.headers, { 'retry-after': '5' })
    assert.equal(error.cause, cause)
    assert.ok(error instanceof Error)
  })

  test('is told apart by its class and its name', () => {
    assert.ok(new BearerError() instanceof Refusal)
    assert.ok(new Forbidden() instanceof Refusal)
    assert.deepEqual(
      [new Refusal(418, 'x').name, new Forbidden().name, new BearerError().name],
      ['Refusal', 'Forbidden', 'BearerError'],
    )
  })
})
