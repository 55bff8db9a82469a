import type { IdentityRecord, IdentityStore } from '../../core/issuers/identity-store.ts'
import type { AddEvent } from './events.ts'
import type { MemoryUsers } from './users.ts'

/** Links in memory. */
export interface MemoryIdentities extends IdentityStore {
  forgetUser(userId: string): void
}

export function createMemoryIdentities(
  users: Pick<MemoryUsers, 'read' | 'insert'>,
  addEvent: AddEvent,
): MemoryIdentities {
  const byKey = new Map<string, IdentityRecord>()
  const keyOf = (issuer: string, subject: string): string => JSON.stringify([issuer, subject])

  return {
    findUser(issuer, subject) {
      return users.read(byKey.get(keyOf(issuer, subject))?.userId ?? '')
    },
    async link(identity, event) {
      const key = keyOf(identity.issuer, identity.subject)
      if (byKey.has(key)) return 'taken'
      if (users.read(identity.userId) === null) return 'no_user'
      byKey.set(key, Object.freeze({ ...identity }))
      addEvent(event)
      return 'linked'
    },
    async createUser(issuer, subject, user, event) {
      const key = keyOf(issuer, subject)
      if (byKey.has(key)) return false
      users.insert(user)
      byKey.set(key, Object.freeze({ issuer, subject, userId: user.id, createdAt: user.createdAt }))
      addEvent(event)
      return true
    },
    async unlink(userId, issuer, subject, event) {
      const key = keyOf(issuer, subject)
      if (byKey.get(key)?.userId !== userId) return false
      addEvent(event)
      return byKey.delete(key)
    },
    async listByUser(userId) {
      return [...byKey.values()]
        .filter((identity) => identity.userId === userId)
        .sort(
          (a, b) =>
            a.createdAt - b.createdAt || (a.issuer + a.subject < b.issuer + b.subject ? -1 : 1),
        )
    },
    forgetUser(userId) {
      for (const [key, identity] of byKey) if (identity.userId === userId) byKey.delete(key)
    },
  }
}
