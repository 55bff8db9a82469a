import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createAccessTokenIssuer } from '../../src/core/access-token.ts'
import { ConfigError } from '../../src/core/errors.ts'
import { loadManagedKeys } from '../../src/core/managed-keys.ts'
import type { KeyRing, SigningAlgorithm } from '../../src/core/signing-key.ts'
import type { SigningKeyStore } from '../../src/core/store.ts'
import { memory } from '../../src/stores/memory.ts'
import { createTestClock } from '../fixtures.ts'

const clock = createTestClock()
const key = randomBytes(32)

function load(store: SigningKeyStore, algorithm: SigningAlgorithm = 'ES256'): Promise<KeyRing> {
  return loadManagedKeys(store, algorithm, key, clock)
}

const issuerOf = (keys: KeyRing) =>
  createAccessTokenIssuer({ keys, issuer: 'i', audience: 'a', lifetime: 900, clock })

test('the first start makes a key, and every later one finds it', async () => {
  const { signingKeys } = memory()
  const first = await load(signingKeys)
  const second = await load(signingKeys)
  assert.equal(first.current.algorithm, 'ES256')
  assert.equal(second.current.id, first.current.id)
  const records = await signingKeys.list()
  assert.deepEqual(
    records.map(({ id, algorithm, createdAt }) => ({ id, algorithm, createdAt })),
    [{ id: first.current.id, algorithm: 'ES256', createdAt: clock() }],
  )
})

test('two stores have two keys', async () => {
  const [one, other] = [await load(memory().signingKeys), await load(memory().signingKeys)]
  assert.notEqual(one.current.id, other.current.id)
})

test('the private key is stored sealed, never as it is (KM-05)', async () => {
  const { signingKeys } = memory()
  await load(signingKeys)
  const [record] = await signingKeys.list()
  assert.match(record?.sealedPrivateKey ?? '', /^v1\.[\w-]+$/)
  assert.equal(JSON.stringify(record).includes('"d"'), false)
})

test('after a change of algorithm new tokens have the new one, and old tokens still verify', async () => {
  const { signingKeys } = memory()
  const before = await load(signingKeys, 'ES256')
  const subject = {
    subject: 'u',
    clientId: 'c',
    scopes: [],
    role: 'member',
    endsWith: { securityStamp: 's' },
  }
  const { token } = await issuerOf(before).issue(subject)

  const after = await load(signingKeys, 'EdDSA')
  assert.equal(after.current.algorithm, 'EdDSA')
  assert.deepEqual([...after.algorithms].sort(), ['ES256', 'EdDSA'])
  assert.equal((await issuerOf(after).verify(token))?.claims.sub, 'u')

  const back = await load(signingKeys, 'ES256')
  assert.equal(back.current.id, before.current.id)
  assert.equal((await signingKeys.list()).length, 2)
})

test('keys that were sealed under another key-encryption key are a problem of configuration', async () => {
  const { signingKeys } = memory()
  await load(signingKeys)
  await assert.rejects(
    loadManagedKeys(signingKeys, 'ES256', randomBytes(32), clock),
    (error) => error instanceof ConfigError && error.problems.length === 1,
  )
  await load(signingKeys)
})

test('a sealed key that was moved to another row does not open', async () => {
  const [one, other] = [memory().signingKeys, memory().signingKeys]
  await load(one)
  const [record] = await one.list()
  assert.ok(record)
  await other.createFirst({ ...record, id: 'another' })
  await assert.rejects(load(other), ConfigError)
})

test('of several processes that start at once one makes the key, and all use it', async () => {
  const { signingKeys } = memory()
  const rings = await Promise.all(Array.from({ length: 5 }, () => load(signingKeys)))
  assert.equal(new Set(rings.map((ring) => ring.current.id)).size, 1)
  assert.equal((await signingKeys.list()).length, 1)
})
