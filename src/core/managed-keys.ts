import type { Clock } from './clock.ts'
import { ConfigError } from './errors.ts'
import { seal, unseal } from './sealed-box.ts'
import {
  createKeyRing,
  generatePrivateJwk,
  importPrivateJwk,
  type KeyRing,
  keyId,
  type SigningAlgorithm,
} from './signing-key.ts'
import type { SigningKeyStore } from './store.ts'

/**
 * Returns the key ring of the keys in the store, after making the first one of the algorithm if
 * there is none. Keys of other algorithms still verify, so that changing it logs nobody out.
 *
 * @throws {ConfigError} if a stored key cannot be opened with the key-encryption key.
 */
export async function loadManagedKeys(
  store: SigningKeyStore,
  algorithm: SigningAlgorithm,
  keyEncryptionKey: Uint8Array,
  clock: Clock,
): Promise<KeyRing> {
  let records = await store.list()
  if (!records.some((record) => record.algorithm === algorithm)) {
    const privateJwk = await generatePrivateJwk(algorithm)
    const id = await keyId(privateJwk)
    const sealedPrivateKey = seal(JSON.stringify(privateJwk), keyEncryptionKey, context(id))
    await store.createFirst({ id, algorithm, sealedPrivateKey, createdAt: clock() })
    // Read back: another process may have been first, and then its key is the one.
    records = await store.list()
  }

  const keys = await Promise.all(
    records.map(async (record) => {
      const opened = unseal(record.sealedPrivateKey, keyEncryptionKey, context(record.id))
      if (opened === null) {
        throw new ConfigError([
          'The signing keys in the database were sealed under another key-encryption key: put that key back, or delete the rows of the table signing_keys to make new keys and end every login.',
        ])
      }
      return await importPrivateJwk(JSON.parse(opened), record.algorithm)
    }),
  )
  const signsNow = keys.findIndex((key) => key.algorithm === algorithm)
  return createKeyRing([...keys.splice(signsNow, 1), ...keys])
}

function context(id: string): string {
  return `signing key ${id}`
}
