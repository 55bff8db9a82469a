import type { ApiKeyRecord, ApiKeyStore } from '../../core/api-keys/api-key-store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import type { MemoryChanges } from './one-time-tokens.ts'

/** API keys in memory. */
export interface MemoryApiKeys extends ApiKeyStore {
  /** Deletes some. */
  forget(which: (key: ApiKeyRecord) => boolean): void
}

export function createMemoryApiKeys(
  readUser: (id: string) => UserRecord | null,
  keysVersion: () => number,
  changesOf: () => MemoryChanges,
): MemoryApiKeys {
  const byId = new Map<string, ApiKeyRecord>()
  const all = (): ApiKeyRecord[] =>
    [...byId.values()].sort((one, other) => (one.id < other.id ? -1 : 1))
  const ofUser = (userId: string): ApiKeyRecord[] => all().filter((key) => key.userId === userId)

  function replace(key: ApiKeyRecord): void {
    byId.set(key.id, Object.freeze({ ...key, scopes: Object.freeze([...key.scopes]) }))
  }

  return {
    forget(which) {
      for (const key of byId.values()) if (which(key)) byId.delete(key.id)
    },
    async create(key, { securityStamp, most }, storedWith) {
      changesOf().check(storedWith)
      const user = readUser(key.userId)
      const isLoggedIn = user?.active === true && user.securityStamp === securityStamp
      if (!isLoggedIn || ofUser(key.userId).length >= most) return false
      replace(key)
      changesOf().store(storedWith)
      return true
    },
    findSubject(digest) {
      const key = all().find((each) => each.digest === digest)
      const user = readUser(key?.userId ?? '')
      return key && user ? { key, user, keysVersion: keysVersion() } : null
    },
    listByUser: async (userId) => ofUser(userId),
    async touch(id, now, since) {
      const key = byId.get(id)
      if (key === undefined || (key.lastUsedAt ?? -1) >= since) return false
      replace({ ...key, lastUsedAt: now })
      return true
    },
    async remove(userId, id, storedWith) {
      changesOf().check(storedWith)
      if (byId.get(id)?.userId !== userId) return false
      byId.delete(id)
      changesOf().store(storedWith)
      return true
    },
    async expiring(from, until, limit) {
      return all()
        .filter((key) => key.expiresAt >= from && key.expiresAt <= until && !key.expiryTold)
        .sort((one, other) => one.expiresAt - other.expiresAt)
        .slice(0, limit)
    },
    async tellExpiry(id, storedWith) {
      changesOf().check(storedWith)
      const key = byId.get(id)
      if (key === undefined || key.expiryTold) return false
      replace({ ...key, expiryTold: true })
      changesOf().store(storedWith)
      return true
    },
    async prune(expiredBefore, limit) {
      const old = all()
        .filter((key) => key.expiresAt < expiredBefore)
        .sort((one, other) => one.expiresAt - other.expiresAt)
      for (const { id } of old.slice(0, limit)) byId.delete(id)
      return Math.min(old.length, limit)
    },
  }
}
