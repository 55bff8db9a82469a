import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import * as jose from 'jose'
import { parseKeySet } from '../../src/issuers/key-set.ts'
import { makeKey } from './provider.ts'

const url = 'https://sso.example.com/jwks'
const parse = (...keys: readonly unknown[]) => parseKeySet({ keys }, url)

const rsa = await makeKey('rsa')
const ec = await makeKey('ec', 'ES256')
const ed = await makeKey('ed', 'EdDSA')
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
const almost = generateKeyPairSync('rsa', { modulusLength: 2047 }).publicKey.export({
  format: 'jwk',
})

test('public signature keys are used, and what they are not for is left out (KM-09, XI-08)', async () => {
  const { kty, n, e } = rsa.jwk
  const set = parse(
    rsa.jwk,
    ec.jwk,
    ed.jwk,
    { ...rsa.jwk, kid: 'encryption', use: 'enc' },
    { ...rsa.jwk, kid: 'wrapping', use: undefined, key_ops: ['wrapKey'] },
    { ...rsa.jwk, kid: 'oaep', alg: 'RSA-OAEP' },
    { ...rsa.jwk, kid: 'hmac', alg: 'HS256' },
    { ...weak, kid: 'weak' },
    { ...almost, kid: 'almost' },
    { ...(await jose.exportJWK(rsa.privateKey)), kid: 'private' },
    { kty: 'oct', k: 'c2VjcmV0', kid: 'secret', alg: 'HS256' },
    { kty: 'quantum', kid: 'new' },
    { kty: '__proto__', kid: 'proto', x: 'x' },
    { kty: 'EC', crv: 'secp256k1', x: ec.jwk.x, y: ec.jwk.y, kid: 'curve' },
    { kty: 'EC', crv: 'P-256', x: ec.jwk.x, kid: 'half' },
    { kty: 'OKP', crv: 'X25519', x: ed.jwk.x, kid: 'agreement' },
    { kty: 'RSA', e, kid: 'no modulus' },
    { kty, n, e, kid: 7 },
    null,
    'key',
    [],
  )
  assert.deepEqual(
    set.fingerprints.map((text) => JSON.parse(text).kid),
    ['rsa', 'ec', 'ed'],
  )
  for (const { kid, alg } of [rsa, ec, ed]) {
    assert.equal((await set.find({ alg, kid })).type, 'public')
  }
  // A key is for its algorithm.
  await assert.rejects(set.find({ alg: 'PS256', kid: 'rsa' }), jose.errors.JWKSNoMatchingKey)
})

test('two keys of one id are for no token; the same entry twice is one (XI-08)', async () => {
  const other = await makeKey('rsa')
  await assert.rejects(
    parse(rsa.jwk, other.jwk).find({ alg: 'RS256', kid: 'rsa' }),
    jose.errors.JWKSMultipleMatchingKeys,
  )
  assert.ok(await parse(rsa.jwk, { ...rsa.jwk, x5c: ['a'] }).find({ alg: 'RS256', kid: 'rsa' }))
})

test('a token without a key id is for the one key that fits, or for none (XI-08)', async () => {
  assert.ok(await parse(rsa.jwk, ec.jwk).find({ alg: 'RS256' }))
  const other = await makeKey('other')
  await assert.rejects(
    parse(rsa.jwk, other.jwk).find({ alg: 'RS256' }),
    jose.errors.JWKSMultipleMatchingKeys,
  )
})

test('what is no JWK Set, holds no usable key, or too many, is refused (XI-03)', () => {
  for (const document of [null, 7, [], {}, { keys: {} }, { keys: 'rsa' }]) {
    assert.throws(() => parseKeySet(document, url), /is no JWK Set/)
  }
  assert.throws(() => parse(), /holds no usable key/)
  assert.throws(() => parse({ ...weak, kid: 'weak' }), /holds no usable key/)
  assert.ok(parse(rsa.jwk, ...Array(99).fill({})))
  assert.throws(() => parse(rsa.jwk, ...Array(100).fill({})), /more than 100 keys/)
})
