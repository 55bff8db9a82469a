// What a stranger may send in the place of a passkey: each is refused, and none is a mistake of the server.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { before, test } from 'node:test'
import type { PasskeyRecord } from '../../../../src/core/factors/factor-store.ts'
import { readCreated, readSigned } from '../../../../src/core/factors/passkeys/credential-json.ts'
import { createWebAuthn, type WebAuthn } from '../../../../src/core/factors/passkeys/webauthn.ts'
import {
  type Algorithm,
  type Cbor,
  type Credential,
  makeAuthenticator,
} from '../../../server/factors/authenticator.ts'

const rpId = 'auth.example.test'
const expected = { rpId, challenge: 'Y2hhbGxlbmdl', origins: ['https://auth.example.test'] }
const creation = { challenge: expected.challenge, rp: { id: rpId }, user: { id: 'dXNlcg' } }
const request = { challenge: expected.challenge, rpId }
let webauthn: WebAuthn

before(async () => {
  webauthn = await createWebAuthn()
})

const create = async (given: unknown) => {
  const read = readCreated(given)
  return read === null ? 'unreadable' : await webauthn.verifyCreated(read, expected)
}
const sign = async (given: unknown, passkey: PasskeyRecord) => {
  const read = readSigned(given)
  return read === null ? 'unreadable' : await webauthn.verifySigned(read, passkey, expected)
}

async function made(algorithm: Algorithm) {
  const key = makeAuthenticator({ algorithm })
  const created = key.create(creation)
  const answer = await create(created)
  assert.ok(typeof answer !== 'string', String(answer))
  return { created, passkey: answer.passkey, signed: key.get(request) }
}

const inBase64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url')
const hex = (text: string): string => inBase64(Buffer.from(text, 'hex'))

/** Every value that a member may be made to have. */
const odd: readonly unknown[] = [
  ...[undefined, null, true, 0, -1, 1e300, '', ' ', '=', 'a', 'a+b/', 'YQ==', 'ä', '\0'],
  ...[[], {}, [[]], { toString: 1 }, ['YQ'], { length: 1 }, 'A'.repeat(100_000), 'gaNm'],
  // CBOR: arrays in arrays, an array of 2^64 - 1, a map that ends too early, texts that are none.
  ...[inBase64(Buffer.alloc(5000, 0x81)), hex('9bffffffffffffffff'), hex('a3'), hex('7f')],
  ...[hex('63fffefd'), inBase64('{}'), inBase64('[]'), inBase64('null'), inBase64('"x"')],
  ...[inBase64('{"type":{}}'), inBase64('{"__proto__":{}}')],
]

/** The credential with each member in turn, and each of its response, made odd. */
function* oddOnes(whole: Credential): Generator<readonly [string, unknown]> {
  for (const value of odd) {
    yield ['it', value]
    for (const name of ['id', 'rawId', 'type', 'response']) {
      yield [name, { ...whole, [name]: value }]
    }
    for (const name of Object.keys(whole.response)) {
      yield [name, { ...whole, response: { ...whole.response, [name]: value } }]
    }
  }
}

/** They are hints, or judged where the user is known. */
const judgedElsewhere = new Set(['transports', 'userHandle'])

test('a passkey with any odd member is refused, and nothing is thrown', async () => {
  const { created, passkey, signed } = await made('ES256')
  for (const [name, given] of oddOnes(created)) {
    const answer = await create(given)
    if (!judgedElsewhere.has(name)) assert.equal(typeof answer, 'string', name)
  }
  for (const [name, given] of oddOnes(signed)) {
    const answer = await sign(given, passkey)
    if (!judgedElsewhere.has(name)) assert.equal(typeof answer, 'string', name)
  }
})

test('a signature is refused if any byte of what it signs is another (AC-99)', async () => {
  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    const { passkey, signed } = await made(algorithm)
    assert.deepEqual(await sign(signed, passkey), {
      ...{ userVerified: true, backupEligible: false, backedUp: false, counter: 2 },
    })
    for (const name of ['clientDataJSON', 'authenticatorData', 'signature']) {
      const bytes = Buffer.from(String(signed.response[name]), 'base64url')
      for (let index = 0; index < bytes.length; index++) {
        // The length around both numbers of the signature, of which the library reads the numbers alone.
        if (algorithm === 'ES256' && name === 'signature' && index === 1) continue
        const response = { ...signed.response, [name]: inBase64(flipped(bytes, index)) }
        const answer = await sign({ ...signed, response }, passkey)
        assert.equal(typeof answer, 'string', `${algorithm} ${name} ${index}`)
      }
    }
    const { publicKey } = (await made(algorithm)).passkey
    assert.equal(await sign(signed, { ...passkey, publicKey }), 'the signature is not right')
  }
})

test('a new passkey with any byte changed, or cut off, throws nothing', async () => {
  const { created } = await made('EdDSA')
  const bytes = Buffer.from(String(created.response.attestationObject), 'base64url')
  const answers = new Set<string>()
  for (let index = 0; index < bytes.length; index++) {
    for (const changed of [flipped(bytes, index), bytes.subarray(0, index)]) {
      const response = { ...created.response, attestationObject: inBase64(changed) }
      const answer = await create({ ...created, response })
      answers.add(typeof answer === 'string' ? answer : 'created')
    }
  }
  // A bit of the counter, of the kind of device or of the key may be any.
  for (const each of ['created', 'it is malformed', 'the passkey is of another site']) {
    assert.ok(answers.has(each), each)
  }
})

/** The COSE key by which a browser would say a key is one (RFC 9053 §7, RFC 8230 §4). */
const cose = (...members: readonly (readonly [number, Cbor])[]) => new Map<number, Cbor>(members)

/** A key that is right, with one member changed each time: none can verify a signature. */
function* unusableKeys(): Generator<readonly [string, Map<number, Cbor>]> {
  const [zero, n] = [Buffer.alloc(32), Buffer.alloc(256, 255)]
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    format: 'jwk',
  })
  const point = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')] as const
  const ec = (alg: number, crv: number, x: Cbor, y: Cbor) =>
    cose([1, 2], [3, alg], [-1, crv], [-2, x], [-3, y])
  const rsa = (n: Cbor, e: Cbor) => cose([1, 3], [3, -257], [-1, n], [-2, e])
  const edwards = (crv: number, x: Cbor) => cose([1, 1], [3, -8], [-1, crv], [-2, x])
  yield ['no type', cose([3, -7])]
  yield ['no point', cose([1, 2], [3, -7], [-1, 1])]
  yield ['a point of zeros', ec(-7, 1, zero, zero)]
  yield ['a point beside the curve', ec(-7, 1, point[0], flipped(point[1], 31))]
  yield ['a point cut off', ec(-7, 1, point[0].subarray(1), point[1])]
  yield ['a number in the place of a point', ec(-7, 1, 5, 5)]
  yield ['an unknown curve', ec(-7, 99, ...point)]
  yield ['the curve of another algorithm', ec(-7, 2, ...point)]
  yield ['the algorithm of another type', ec(-8, 1, ...point)]
  yield ['an algorithm that was not asked for', ec(-9, 1, ...point)]
  yield ['an unknown type', cose([1, 7], [3, -7], [-1, point[0]])]
  yield ['no modulus', rsa(Buffer.alloc(0), Buffer.from([1, 0, 1]))]
  yield ['a modulus of zeros', rsa(Buffer.alloc(256), Buffer.from([1, 0, 1]))]
  yield ['a short modulus', rsa(n.subarray(128), Buffer.from([1, 0, 1]))]
  yield ['no exponent', rsa(n, Buffer.alloc(0))]
  yield ['an exponent of one', rsa(n, Buffer.from([1]))]
  yield ['an exponent that is even', rsa(n, Buffer.from([4]))]
  yield ['another curve of Edwards', edwards(7, zero)]
  yield ['a short point of Edwards', edwards(6, zero.subarray(1))]
  yield ['no point of Edwards', edwards(6, Buffer.from([2, ...zero.subarray(1)]))]
}

test('a key by which no signature can be right is refused (AC-99)', async () => {
  for (const [why, altered] of unusableKeys()) {
    const created = makeAuthenticator().create(creation, { cose: altered })
    assert.equal(typeof (await create(created)), 'string', why)
  }
})

test('of a hundred keys none that is one is refused (AC-99)', async () => {
  for (const algorithm of ['ES256', 'EdDSA'] as const) {
    for (let each = 0; each < 100; each++) await made(algorithm)
  }
  await made('RS256')
})

test('what is not known of a credential is left out', async () => {
  const { created } = await made('ES256')
  const transports = ['usb', 'usb', 'x y', 5, null, 'UPPER', 'a'.repeat(30), 'nfc']
  const read = readCreated({ ...created, more: 1, response: { ...created.response, transports } })
  assert.deepEqual(read?.transports, ['usb', 'nfc'])
  assert.deepEqual(Object.keys(read ?? {}).sort(), [
    ...['attestationObject', 'clientDataJSON', 'id', 'transports'],
  ])
})

function flipped(bytes: Buffer, index: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[index] = (changed[index] ?? 0) ^ (1 << (index % 8))
  return changed
}
