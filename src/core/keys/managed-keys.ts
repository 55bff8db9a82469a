import type { Clock } from '../clock.ts'
import { coalesce } from '../coalesce.ts'
import { ConfigError, UnavailableError } from '../errors.ts'
import type { KeyRing } from './key-ring.ts'
import type { SigningKeyRecord, SigningKeySet, SigningKeyStore } from './key-store.ts'
import { activeOf, inOrder, isAlive } from './lifecycle.ts'
import { seal, unsealWithAny } from './sealed-box.ts'
import {
  generatePrivateJwk,
  importPrivateJwk,
  keyId,
  type SigningAlgorithm,
  type SigningKey,
} from './signing-key.ts'

/** Makes a key, sealed, that signs from now on. RSA keys are computed on another thread. */
export async function makeKey(
  algorithm: SigningAlgorithm,
  keyEncryptionKey: Uint8Array,
  now: number,
): Promise<SigningKeyRecord> {
  const privateJwk = await generatePrivateJwk(algorithm)
  const id = await keyId(privateJwk)
  return {
    id,
    algorithm,
    sealedPrivateKey: seal(JSON.stringify(privateJwk), keyEncryptionKey, contextOf(id)),
    createdAt: now,
    signsFrom: now,
    verifiesUntil: null,
  }
}

export interface ManagedRingOptions {
  readonly store: SigningKeyStore
  readonly keyEncryptionKey: Uint8Array
  /** Those of before, which open what they sealed. Default none. */
  readonly previousKeyEncryptionKeys?: readonly Uint8Array[]
  /** Keys that are not the store's, which only verify. */
  readonly alsoVerify: readonly SigningKey[]
  readonly clock: Clock
}

/**
 * Returns the ring of the keys in the store. The current time decides which key signs.
 *
 * It is a copy. `follow` and `update` compare its version with the store's. If a change cannot be loaded,
 * the caller that needs it gets an error, never the answer of an old copy.
 *
 * @throws {ConfigError} if a stored key cannot be opened with the key-encryption key.
 */
export async function openManagedRing(options: ManagedRingOptions): Promise<KeyRing> {
  const { store, clock } = options
  let ring = await load(await store.read(), options)

  const reload = coalesce(async () => {
    const set = await store.read()
    if (set.version !== ring.version) ring = await load(set, options, ring)
  })
  const update = coalesce(async () => {
    if ((await store.version()) !== ring.version) await reload()
  })

  return {
    get current() {
      const active = activeOf(ring.line, clock())
      if (active) return active.key
      throw new UnavailableError('There is no signing key', 60)
    },
    find(id) {
      const key = ring.byId.get(id)
      return key && isAlive(key, clock()) ? key : undefined
    },
    get publicJwks() {
      const alive = ring.line.filter((entry) => isAlive(entry, clock()))
      return { keys: alive.flatMap(({ key }) => key.publicJwk ?? []) }
    },
    follow: (version) => (version === ring.version ? undefined : reload()),
    update,
  }
}

interface LoadedRing {
  readonly version: number
  readonly line: readonly (SigningKeyRecord & { readonly key: SigningKey })[]
  readonly byId: ReadonlyMap<string, SigningKey>
}

async function load(
  { version, keys }: SigningKeySet,
  { keyEncryptionKey, previousKeyEncryptionKeys = [], alsoVerify }: ManagedRingOptions,
  before?: LoadedRing,
): Promise<LoadedRing> {
  const openers = [keyEncryptionKey, ...previousKeyEncryptionKeys]
  const line = await Promise.all(
    inOrder(keys).map(async (record) => {
      const known = before?.byId.get(record.id) ?? (await openKey(record, openers))
      return { ...record, key: { ...known, verifiesUntil: record.verifiesUntil } }
    }),
  )
  const all = [...line.map(({ key }) => key), ...alsoVerify]
  const byId = new Map(all.map((key) => [key.id, key]))
  return { version, line, byId }
}

/** @throws {ConfigError} if the key was sealed under none of these key-encryption keys. */
export async function openKey(
  record: SigningKeyRecord,
  keyEncryptionKeys: readonly Uint8Array[],
): Promise<SigningKey> {
  const opened = unsealKey(record, keyEncryptionKeys)
  if (opened === null) {
    throw new ConfigError([
      `The signing keys in the database were sealed under another key-encryption key${keyEncryptionKeys.length > 1 ? ', none of the configured ones' : ''}: put that key back, or name it as a previous one (KEY_ENCRYPTION_KEY_PREVIOUS), or delete the rows of the table signing_keys to make new keys and end every login.`,
    ])
  }
  return await importPrivateJwk(JSON.parse(opened.text), record.algorithm)
}

/** True if a key was sealed under this key-encryption key. */
export function isSealedUnder(record: SigningKeyRecord, keyEncryptionKey: Uint8Array): boolean {
  return unsealKey(record, [keyEncryptionKey]) !== null
}

function unsealKey({ id, sealedPrivateKey }: SigningKeyRecord, keys: readonly Uint8Array[]) {
  return unsealWithAny(sealedPrivateKey, keys, contextOf(id))
}

/**
 * Seals the keys of before again under the key of today. Returns how many. If another process changes the keys
 * meanwhile, its change stays, and the rest is looked at again.
 */
export async function resealKeys(
  store: SigningKeyStore,
  keyEncryptionKey: Uint8Array,
  previous: readonly Uint8Array[],
): Promise<number> {
  for (;;) {
    const { version, keys } = await store.read()
    const put = keys.flatMap((record) => {
      const opened = unsealKey(record, [keyEncryptionKey, ...previous])
      if (opened === null || opened.isToday) return []
      const sealedPrivateKey = seal(opened.text, keyEncryptionKey, contextOf(record.id))
      return [{ ...record, sealedPrivateKey }]
    })
    if (put.length === 0 || (await store.change(version, { put, remove: [] }))) return put.length
  }
}

function contextOf(id: string): string {
  return `signing key ${id}`
}
