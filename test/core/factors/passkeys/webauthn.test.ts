// What a stranger may send in the place of a passkey: each is refused, and none is a mistake of the server.

import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { PasskeyRecord } from '../../../../src/core/factors/factor-store.ts'
import { readCreated, readSigned } from '../../../../src/core/factors/passkeys/credential-json.ts'
import { createWebAuthn, type WebAuthn } from '../../../../src/core/factors/passkeys/webauthn.ts'
import {
  type Algorithm,
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

test('a key of an algorithm that was not asked for is refused', async () => {
  const { created } = await made('ES256')
  const before = Buffer.from(String(created.response.attestationObject), 'base64url')
  // EC2, ES256 (-7), P-256: with -8, and with -9 in its place.
  for (const [algorithm, answer] of [
    ['a5010203262001', 'object'],
    ['a5010203282001', 'string'],
  ]) {
    const text = before.toString('hex').replace('a5010203262001', String(algorithm))
    const response = { ...created.response, attestationObject: hex(text) }
    assert.equal(typeof (await create({ ...created, response })), answer)
  }
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
