import type { Clock } from '../clock.ts'
import { ConfigError } from '../errors.ts'
import type { AuthEvents } from '../events/events.ts'
import type { Store } from '../store.ts'
import type { KeyOptions } from './key-options.ts'
import { createKeyRing, type KeyRing } from './key-ring.ts'
import { keyRotationInterval, retentionOf } from './lifecycle.ts'
import { makeKey, openManagedRing, resealKeys } from './managed-keys.ts'
import { createManagedKeys, type ManagedKeys } from './rotation.ts'
import { importSecret } from './signing-key.ts'

export interface LoadedKeys {
  readonly keys: KeyRing
  /** Null with a secret key, which nothing here can change. */
  readonly managedKeys: ManagedKeys | null
  /** Never in the database; the keys of other purposes are derived from it. */
  readonly secret: Uint8Array
  /** The earlier secrets, to read what was made with them. */
  readonly previousSecrets: readonly Uint8Array[]
  /** Seals the signing keys of the store again that an earlier key-encryption key opens; how many. */
  reseal(): Promise<number>
}

/** What keys are kept in and used for. */
export interface KeyUse {
  readonly store: Store
  /** Seconds that a token lives, which its key has to outlive. */
  readonly accessTokenLifetime: number
  readonly events: AuthEvents
  readonly clock: Clock
}

/**
 * Returns the keys that the options name: a secret, or those in the store, of which the first is made
 * if there is none.
 *
 * @throws {ConfigError} if the key-encryption key is missing, or is not the one of the store's keys.
 */
export async function loadKeys(
  options: KeyOptions,
  { store, accessTokenLifetime, events, clock }: KeyUse,
): Promise<LoadedKeys> {
  const { secretKey, previousSecretKeys = [] } = options
  const previous = await Promise.all(previousSecretKeys.map(importSecret))
  const secrets = previousSecretKeys.map((text) => new TextEncoder().encode(text))
  if (secretKey !== undefined) {
    const keys = createKeyRing([await importSecret(secretKey), ...previous])
    const secret = new TextEncoder().encode(secretKey)
    // Those of managed keys too, for sessions that were opened before there was a secret key.
    const previousSecrets = [...secrets, ...(options.previousKeyEncryptionKeys ?? [])]
    return { keys, managedKeys: null, secret, previousSecrets, reseal: async () => 0 }
  }

  const keyEncryptionKey = options.keyEncryptionKey ?? (await store.keyEncryptionKey?.())
  if (keyEncryptionKey === undefined) {
    throw new ConfigError([
      'This store has no place for a key-encryption key: set keyEncryptionKey (32 random bytes), or a secretKey.',
    ])
  }
  const before = await previousKeysOf(options, store, keyEncryptionKey)
  const { signingAlgorithm: algorithm = 'ES256' } = options
  const { version, keys } = await store.signingKeys.read()
  if (keys.length === 0) {
    // Not stored if another process was first: its key is the one.
    const first = await makeKey(algorithm, keyEncryptionKey, clock())
    await store.signingKeys.change(version, { put: [first], remove: [] })
  }
  const ring = await openManagedRing({
    store: store.signingKeys,
    keyEncryptionKey,
    previousKeyEncryptionKeys: before,
    alsoVerify: previous,
    clock,
  })
  const managedKeys = createManagedKeys({
    store: store.signingKeys,
    ring,
    algorithm,
    keyEncryptionKey,
    interval: options.keyRotationInterval ?? keyRotationInterval,
    retention: retentionOf(accessTokenLifetime),
    events,
    clock,
  })
  return {
    ...{ keys: ring, managedKeys, secret: keyEncryptionKey },
    previousSecrets: [...before, ...secrets],
    reseal: () => resealKeys(store.signingKeys, keyEncryptionKey, before),
  }
}

/** The earlier key-encryption keys: those that are configured, and those that the store keeps beside its own. */
async function previousKeysOf(
  { keyEncryptionKey, previousKeyEncryptionKeys = [] }: KeyOptions,
  store: Store,
  today: Uint8Array,
): Promise<readonly Uint8Array[]> {
  const kept = keyEncryptionKey === undefined ? await store.previousKeyEncryptionKeys?.() : []
  return distinctKeys([...previousKeyEncryptionKeys, ...(kept ?? [])], today)
}

/** The keys, each once, without that of today. */
export function distinctKeys(keys: readonly Uint8Array[], today: Uint8Array): Uint8Array[] {
  const nameOf = (key: Uint8Array): string => Buffer.from(key).toString('hex')
  const byName = new Map(keys.map((key) => [nameOf(key), key]))
  byName.delete(nameOf(today))
  return [...byName.values()]
}
