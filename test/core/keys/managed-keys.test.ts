import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ConfigError, UnavailableError } from '../../../src/core/errors.ts'
import type { KeyRing } from '../../../src/core/keys/key-ring.ts'
import type { SigningKeyRecord, SigningKeyStore } from '../../../src/core/keys/key-store.ts'
import { makeKey, openManagedRing } from '../../../src/core/keys/managed-keys.ts'
import { importSecret, type SigningKey } from '../../../src/core/keys/signing-key.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestClock } from '../../fixtures.ts'

const clock = createTestClock()
const keyEncryptionKey = randomBytes(32)

const make = (changes: Partial<SigningKeyRecord> = {}): Promise<SigningKeyRecord> =>
  makeKey('ES256', keyEncryptionKey, clock()).then((key) => ({ ...key, ...changes }))

const openRing = (store: SigningKeyStore, alsoVerify: SigningKey[] = []): Promise<KeyRing> =>
  openManagedRing({ store, keyEncryptionKey, alsoVerify, clock })

async function put(store: SigningKeyStore, ...keys: SigningKeyRecord[]): Promise<void> {
  assert.ok(await store.change(await store.version(), { put: keys, remove: [] }))
}

/** A store of signing keys that counts how often it is read, and fails when it is told to. */
interface WatchedKeys {
  reads: number
  versions: number
  outage: Error | undefined
  readonly store: SigningKeyStore
}

function createWatchedKeys(): WatchedKeys {
  const { signingKeys } = memory()
  const watched: WatchedKeys = {
    reads: 0,
    versions: 0,
    outage: undefined,
    store: {
      ...signingKeys,
      read() {
        watched.reads++
        return watched.outage ? Promise.reject(watched.outage) : signingKeys.read()
      },
      version() {
        watched.versions++
        if (watched.outage) throw watched.outage
        return signingKeys.version()
      },
    },
  }
  return watched
}

test('the private key is stored sealed, never as it is (KM-05, KM-07)', async () => {
  const record = await make()
  assert.match(record.sealedPrivateKey, /^v1\.[\w-]+$/)
  assert.equal(JSON.stringify(record).includes('"d"'), false)
  assert.notEqual((await make()).id, record.id)
})

test('the ring signs with the newest key whose time has come, and verifies with all (KM-01)', async () => {
  const { signingKeys } = memory()
  const old = await make({ signsFrom: clock() - 10, verifiesUntil: clock() + 600 })
  const next = await make({ signsFrom: clock() + 100 })
  await put(signingKeys, next, old)
  const ring = await openRing(signingKeys)
  const published = () => ring.publicJwks.keys.map(({ kid }) => kid)

  assert.equal(ring.current.id, old.id)
  assert.equal(ring.current.verifiesUntil, old.verifiesUntil)
  assert.deepEqual(published(), [old.id, next.id])
  assert.ok(ring.find(old.id) && ring.find(next.id))
  clock.advance(100)
  assert.equal(ring.current.id, next.id)
  assert.deepEqual(published(), [old.id, next.id])
  clock.advance(499)
  assert.ok(ring.find(old.id))
  clock.advance(1)
  assert.equal(ring.find(old.id), undefined)
  assert.deepEqual(published(), [next.id])
  for (const id of ['', '__proto__', 'constructor']) assert.equal(ring.find(id), undefined)
})

test('the JWK Set holds public members alone (KM-05)', async () => {
  const { signingKeys } = memory()
  await put(signingKeys, await make())
  const [jwk] = (await openRing(signingKeys)).publicJwks.keys
  assert.deepEqual(Object.keys(jwk ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
})

test('keys that are not the store’s verify, and neither sign nor are published', async () => {
  const { signingKeys } = memory()
  const secret = await importSecret('b7e151628aed2a6abf7158809cf4f3c7')
  const key = await make()
  await put(signingKeys, key)
  const ring = await openRing(signingKeys, [secret])
  assert.equal(ring.find(secret.id)?.algorithm, 'HS256')
  assert.equal(ring.current.id, key.id)
  assert.equal(ring.publicJwks.keys.length, 1)
})

test('the ring follows the store when it is told the version, or asks for it', async () => {
  const { signingKeys: store } = memory()
  const first = await make({ signsFrom: clock() - 10 })
  await put(store, first)
  const ring = await openRing(store)
  const second = await make({ signsFrom: clock() - 5 })
  await put(store, second)
  assert.equal(ring.current.id, first.id, 'it is a copy')
  await ring.follow(await store.version())
  assert.equal(ring.current.id, second.id)

  const third = await make()
  await put(store, third)
  await ring.update()
  assert.equal(ring.current.id, third.id)
})

test('a version that is known costs nothing, and an update one look at the version', async () => {
  const watched = createWatchedKeys()
  await put(watched.store, await make())
  const ring = await openRing(watched.store)
  assert.equal(watched.reads, 1)
  const version = await watched.store.version()
  watched.versions = 0
  for (let times = 0; times < 5; times++) {
    assert.equal(ring.follow(version), undefined)
    await ring.update()
  }
  assert.deepEqual([watched.reads, watched.versions], [1, 5])
})

test('many that need the new keys at once share a look', async () => {
  const watched = createWatchedKeys()
  await put(watched.store, await make())
  const ring = await openRing(watched.store)
  await put(watched.store, await make())
  const version = await watched.store.version()
  watched.reads = watched.versions = 0
  await Promise.all(Array.from({ length: 100 }, () => ring.follow(version)))
  await Promise.all(Array.from({ length: 100 }, () => ring.update()))
  // One that had begun, and the next, for all that came meanwhile.
  assert.ok(watched.reads <= 2 && watched.versions <= 2)
})

test('a ring that cannot follow says so, and does not answer from its copy', async () => {
  const watched = createWatchedKeys()
  await put(watched.store, await make())
  const ring = await openRing(watched.store)
  const version = await watched.store.version()
  watched.outage = new UnavailableError('The database cannot be used now', 2)
  await assert.rejects(async () => ring.update(), UnavailableError)
  await assert.rejects(async () => ring.follow(version + 1), UnavailableError)
  watched.outage = undefined
  await put(watched.store, await make())
  await ring.follow(version + 1)
  assert.equal(ring.publicJwks.keys.length, 2)
})

test('a key that is gone from the store is gone from the ring', async () => {
  const { signingKeys } = memory()
  const [one, other] = [await make(), await make()]
  await put(signingKeys, one, other)
  const ring = await openRing(signingKeys)
  await signingKeys.change(await signingKeys.version(), { put: [], remove: [one.id, other.id] })
  await ring.update()
  assert.equal(ring.find(one.id), undefined)
  assert.throws(() => ring.current, UnavailableError)
})

test('keys that were sealed under another key-encryption key are a problem of configuration', async () => {
  const { signingKeys: store } = memory()
  await put(store, await make())
  await assert.rejects(
    openManagedRing({ store, keyEncryptionKey: randomBytes(32), alsoVerify: [], clock }),
    (error) => error instanceof ConfigError && error.problems.length === 1,
  )
  await openRing(store)
})

test('a sealed key that was moved to another row does not open', async () => {
  const { signingKeys } = memory()
  await put(signingKeys, await make({ id: 'another' }))
  await assert.rejects(openRing(signingKeys), ConfigError)
})

test('an RSA key is computed while the event loop goes on (KM-01)', async () => {
  let turns = 0
  let made = false
  const turn = (): void => {
    turns++
    if (!made) setImmediate(turn)
  }
  setImmediate(turn)
  await makeKey('RS256', keyEncryptionKey, clock())
  made = true
  // Computed on this thread, there would be a few, before and after.
  assert.ok(turns > 50, `${turns} turns`)
})
