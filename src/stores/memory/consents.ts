import { isDeepStrictEqual } from 'node:util'
import type { ConsentRecord, ConsentStore } from '../../core/authorization/consent-store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import type { AddEvent } from './events.ts'

/** What users have allowed clients, in memory. */
export interface MemoryConsents extends ConsentStore {
  /** What is there, at once. */
  read(userId: string, clientId: string): ConsentRecord | null
  /** Deletes some. */
  forget(which: (consent: ConsentRecord) => boolean): void
}

/** @param endGrants Ends the sessions that a client has of a user, and deletes its codes. */
export function createMemoryConsents(
  readUser: (id: string) => UserRecord | null,
  addEvent: AddEvent,
  endGrants: (userId: string, clientId: string, now: number, notifies: readonly string[]) => void,
): MemoryConsents {
  const byKey = new Map<string, ConsentRecord>()
  const keyOf = (userId: string, clientId: string): string => `${userId} ${clientId}`
  const read = (userId: string, clientId: string): ConsentRecord | null =>
    byKey.get(keyOf(userId, clientId)) ?? null

  return {
    read,
    forget(which) {
      for (const [key, consent] of byKey) if (which(consent)) byKey.delete(key)
    },
    find: async (userId, clientId) => read(userId, clientId),
    async listByUser(userId) {
      return [...byKey.values()]
        .filter((consent) => consent.userId === userId)
        .sort((one, other) => (one.clientId < other.clientId ? -1 : 1))
    },
    async replace(before, after, event) {
      const { userId, clientId } = before ?? after
      if (!isDeepStrictEqual(read(userId, clientId), before) || !readUser(userId)) return false
      byKey.set(keyOf(userId, clientId), Object.freeze({ ...after }))
      addEvent(event)
      return true
    },
    async withdraw(userId, clientId, now, event, notifies = []) {
      endGrants(userId, clientId, now, notifies)
      if (!byKey.delete(keyOf(userId, clientId))) return false
      addEvent(event)
      return true
    },
  }
}
