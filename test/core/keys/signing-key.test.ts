import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import * as jose from 'jose'
import { createKeyRing } from '../../../src/core/keys/key-ring.ts'
import {
  generatePrivateJwk,
  importPrivateJwk,
  importSecret,
  keyId,
  type SigningAlgorithm,
  type SigningKey,
  secretProblems,
  signingAlgorithms,
} from '../../../src/core/keys/signing-key.ts'

const message = new TextEncoder().encode('a message')
// Making an RSA key takes a moment, so each kind is made once.
const jwks = Object.fromEntries(
  await Promise.all(
    signingAlgorithms.map(async (algorithm) => [algorithm, await generatePrivateJwk(algorithm)]),
  ),
) as Record<SigningAlgorithm, jose.JWK>

async function signs(key: SigningKey, verifier: SigningKey): Promise<boolean> {
  const signer = new jose.CompactSign(message).setProtectedHeader({ alg: key.algorithm })
  const jws = await signer.sign(key.signWith)
  return await jose.compactVerify(jws, verifier.verifyWith).then(
    () => true,
    () => false,
  )
}

test('the id of a key is its JWK thumbprint (RFC 7638 §3.1)', async () => {
  const jwk = {
    kty: 'RSA',
    n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
    e: 'AQAB',
    alg: 'RS256',
    kid: '2011-04-29',
  }
  assert.equal(await keyId(jwk), 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
})

for (const algorithm of signingAlgorithms) {
  test(`a generated ${algorithm} key signs what it verifies, under its thumbprint`, async () => {
    const jwk = jwks[algorithm]
    const key = await importPrivateJwk(jwk, algorithm)
    assert.equal(key.algorithm, algorithm)
    assert.equal(key.id, await keyId(jwk))
    assert.equal(await signs(key, key), true)
    const copy = await importPrivateJwk(JSON.parse(JSON.stringify(jwk)), algorithm)
    assert.equal(copy.id, key.id)
    assert.equal(await signs(key, copy), true)
  })

  test(`the public JWK of ${algorithm} verifies, and has no private member`, async () => {
    const key = await importPrivateJwk(
      Object.assign({ note: 'private' }, jwks[algorithm]),
      algorithm,
    )
    const { publicJwk } = key
    assert.ok(publicJwk)
    assert.equal(publicJwk.kid, key.id)
    assert.equal(publicJwk.alg, algorithm)
    assert.equal(publicJwk.use, 'sig')
    const permitted = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use']
    assert.deepEqual(
      Object.keys(publicJwk).filter((name) => !permitted.includes(name)),
      [],
    )
    const verifyWith = (await jose.importJWK(publicJwk)) as jose.CryptoKey
    assert.equal(verifyWith.type, 'public')
    assert.equal(await signs(key, { ...key, verifyWith }), true)
    assert.equal(Object.isFrozen(publicJwk), true)
  })

  test(`the keys of ${algorithm} cannot be read back, and each is for one direction`, async () => {
    const { signWith, verifyWith } = await importPrivateJwk(jwks[algorithm], algorithm)
    assert.equal(signWith.extractable, false)
    assert.deepEqual(signWith.usages, ['sign'])
    assert.deepEqual(verifyWith.usages, ['verify'])
  })
}

test('RSA keys have 3072 bits, and the common exponent (JW-06)', () => {
  for (const algorithm of ['RS256', 'PS256'] as const) {
    assert.equal(Buffer.from(jwks[algorithm].n ?? '', 'base64url').length * 8, 3072)
    assert.equal(jwks[algorithm].e, 'AQAB')
  }
  assert.equal(jwks.ES256.crv, 'P-256')
  assert.equal(jwks.EdDSA.crv, 'Ed25519')
})

test('a key does not import for an algorithm of another kind (JW-02, JW-06, CVE-2022-23539)', async () => {
  const pairs = [
    ['ES256', 'RS256'],
    ['ES256', 'EdDSA'],
    ['RS256', 'ES256'],
    ['EdDSA', 'ES256'],
  ] as const
  for (const [key, algorithm] of pairs) {
    await assert.rejects(importPrivateJwk(jwks[key], algorithm), jose.errors.JOSENotSupported)
  }
})

test('a secret signs by the bytes of its text, and is never published', async () => {
  const secret = createHash('sha256').update('test').digest('hex')
  const key = await importSecret(secret)
  assert.equal(key.algorithm, 'HS256')
  assert.equal(key.publicJwk, undefined)
  const jws = await new jose.CompactSign(message)
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(secret, 'utf8'))
  await jose.compactVerify(jws, key.verifyWith)
  const decoded = new jose.CompactSign(message).setProtectedHeader({ alg: 'HS256' })
  const ofDecoded = await decoded.sign(Buffer.from(secret, 'hex'))
  await assert.rejects(
    jose.compactVerify(ofDecoded, key.verifyWith),
    jose.errors.JWSSignatureVerificationFailed,
  )
})

test('the id of a secret stays the same, and says nothing that a digest of it would', async () => {
  const secret = 'b7e151628aed2a6abf7158809cf4f3c7'
  const { id } = await importSecret(secret)
  assert.equal((await importSecret(secret)).id, id)
  assert.notEqual((await importSecret(`${secret}0`)).id, id)
  assert.match(id, /^[\w-]{16}$/)
  assert.equal(createHash('sha256').update(secret).digest('base64url').startsWith(id), false)
})

test('a key ring signs with its first key, and finds every key by its id alone (JW-10)', async () => {
  const first = await importPrivateJwk(jwks.ES256, 'ES256')
  const second = await importPrivateJwk(jwks.EdDSA, 'EdDSA')
  const ring = createKeyRing([first, second])
  assert.equal(ring.current, first)
  assert.equal(ring.find(second.id), second)
  assert.deepEqual(ring.publicJwks, { keys: [first.publicJwk, second.publicJwk] })
  for (const id of ['', '__proto__', 'constructor', '../../etc/passwd', `${first.id} `]) {
    assert.equal(ring.find(id), undefined)
  }
})

test('a key ring needs a key, and keys of different ids', async () => {
  const key = await importPrivateJwk(jwks.ES256, 'ES256')
  assert.throws(() => createKeyRing([]), TypeError)
  assert.throws(() => createKeyRing([key, key]), TypeError)
})

test('the JWK Set of a secret is empty', async () => {
  const ring = createKeyRing([await importSecret('b7e151628aed2a6abf7158809cf4f3c7')])
  assert.deepEqual(ring.publicJwks, { keys: [] })
})

test('a random secret of at least 32 bytes will do (JW-05)', () => {
  const good = [
    'b7e151628aed2a6abf7158809cf4f3c7',
    '3c6ef372fe94f82be73980c0b9db90681044b6ff7d2f1a35c8e6a8f1e2b90d47',
    'Zm8nQ2v1t0sX-kq7_Lr4Yw9BhJc3Dg6uEoPiTaNfRbM',
    'ñandú, über, çelik, žlutý, øre',
  ]
  for (const secret of good) assert.deepEqual(secretProblems(secret), [], secret)
})

test('a secret of 31 bytes or less is refused, of 32 is not (JW-05)', () => {
  const random = 'b7e151628aed2a6abf7158809cf4f3c7'
  assert.equal(secretProblems(random.slice(1)).length, 1)
  assert.deepEqual(secretProblems(random), [])
  assert.match(secretProblems('').join(), /at least 32 bytes/)
})

test('a sample that is printed in public is refused (JW-05)', () => {
  const samples = [
    // The tutorial of FastAPI, in both cases and with what a copy brings along.
    '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
    '09D25E094FAA6CA2556C818166B7A9563B93F7099F6F0F4CAA6CF63B88E8D3E7',
    ' 09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7\n',
    // RFC 7515 A.1
    'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
    'change-me-change-me-change-me-1234567',
    'CHANGE_THIS_BEFORE_GOING_TO_PRODUCTION',
    'your-256-bit-secret-your-256-bit-secret',
    'a-string-secret-at-least-256-bits-long',
    'supersecretsupersecretsupersecret12345',
    'this is an example of a key, use another',
    'replace me with the output of openssl rand',
  ]
  for (const secret of samples) {
    assert.match(secretProblems(secret).join(), /sample/, secret)
  }
})

test('a secret of few characters is refused (JW-05)', () => {
  for (const secret of ['a'.repeat(64), '0123'.repeat(16), '123456789'.repeat(8)]) {
    assert.match(secretProblems(secret).join(), /repeats/, secret)
  }
})

test('rows of characters and repeated blocks are refused (JW-05)', () => {
  const patterned = [
    '12345678901234567890123456789012',
    '0123456789abcdef0123456789abcdef',
    'abcdefghijklmnopqrstuvwxyz123456',
    'zyxwvutsrqponmlkjihgfedcba654321',
    'qwertyuiopasdfghjklzxcvbnm123456',
    'correcthorsebattery-correcthorsebattery',
    '9f3c1e7ab2d840569f3c1e7ab2d84056',
    'Xk29dmQp7vXk29dmQp7vXk29dmQp7vXk29dmQp7v',
    'myserviceABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ]
  for (const secret of patterned) {
    assert.match(secretProblems(secret).join(), /repeated parts or rows/, secret)
  }
  const samples = [
    'django-insecure-#n$x9k2v!p4w7q@z8m3r6t1y5u0',
    'dev-secret-do-not-use-in-production!!',
    'keyboard cat keyboard cat keyboard cat',
    'test-key-for-the-integration-environment',
  ]
  for (const secret of samples) assert.match(secretProblems(secret).join(), /sample/, secret)
})

test('32 random bytes are never refused, in hex or base64 (JW-05)', () => {
  for (let round = 0; round < 10_000; round++) {
    const bytes = randomBytes(32)
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const secret = bytes.toString(encoding)
      assert.deepEqual(secretProblems(secret), [], encoding)
    }
  }
})

test('a text that holds a key of another kind is no secret, wherever it holds it (JW-03, CVE-2023-48223, CVE-2026-34950, GHSA-ww5h-9m49-7xx4, GHSA-g3jj-5cmm-3hxx)', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }))
  const ssh = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0fWZ3kQ8vT1mXy7bGq2NcLrVpHs5eKdUjAo4iRtBwz'
  const texts = [
    ...[pem, ` ${pem}`, `\n${pem}`, `\u200b${pem}`, `\ufeff${pem}`, `# our key\n${pem}`],
    ...[`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n${pem}`, pem.replaceAll('\n', '\\n')],
    ...[
      jwk,
      ` ${jwk}`,
      `\u200b${jwk}`,
      JSON.stringify(publicKey.export({ format: 'jwk' }), null, 2),
    ],
    ...[`{"keys":[${jwk}]}`, '{ "keys" : [] }                          '],
    ...[ssh, ` ${ssh}`, `\u200b${ssh}`, `# our key\n${ssh}`, ssh.replace('ssh-ed25519', 'ssh-rsa')],
    ...[ssh.replace('ssh-ed25519', 'ecdsa-sha2-nistp256')],
  ]
  for (const text of texts) {
    const problems = secretProblems(text)
    assert.equal(problems.length, 1, JSON.stringify(text))
    assert.match(problems.join(), /PEM, JWK or SSH key/)
  }
})
