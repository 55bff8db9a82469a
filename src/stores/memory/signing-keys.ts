import type { SigningKeyRecord, SigningKeyStore } from '../../core/keys/key-store.ts'
import type { AddEvent } from './events.ts'

/** Signing keys in memory. */
export interface MemorySigningKeys extends SigningKeyStore {
  /** The version, at once. */
  current(): number
  deleteAll(now: number): void
}

export function createMemorySigningKeys(addEvent: AddEvent): MemorySigningKeys {
  const byId = new Map<string, SigningKeyRecord>()
  let version = 1
  return {
    read: async () => ({ version, keys: [...byId.values()] }),
    current: () => version,
    version: async () => version,
    deleteAll(now) {
      byId.clear()
      version = Math.max(version + 1, now)
    },
    async change(from, { put, remove }, events = []) {
      if (version !== from) return false
      version++
      for (const key of put) byId.set(key.id, Object.freeze({ ...key }))
      for (const id of remove) byId.delete(id)
      for (const event of events) addEvent(event)
      return true
    },
  }
}
