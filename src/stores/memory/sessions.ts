import { browserClientId, firstPartyClientId } from '../../core/clients/registration.ts'
import type { SessionRecord, SessionStore } from '../../core/sessions/session-store.ts'
import { isAsTokenSays } from '../../core/tokens/authentication.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import type { AddEvent } from './events.ts'
import type { MemoryLogoutNotices } from './logout-notices.ts'

/** Sessions in memory. */
export interface MemorySessions extends SessionStore {
  /** The session if it is live, and its user active and of its stamp. */
  live(id: string, now: number): SessionRecord | null
  /** Stores a session without a pause. False, as of `create`. */
  insert(session: SessionRecord): boolean
  /** Changes a session without a pause. */
  change(session: SessionRecord, changes: Partial<SessionRecord>): SessionRecord
  /** Those of some kind, in whatever state. */
  all(which: (session: SessionRecord) => boolean): readonly SessionRecord[]
  /** Ends those that are not revoked, and returns them. */
  endAll(which: (session: SessionRecord) => boolean, now: number): readonly SessionRecord[]
}

/** The `retryOf` of a session when no token before its newest is good for a retry from then on. */
export function settledRetryOf({ retryOf, generation }: SessionRecord): number {
  return retryOf === null || retryOf === generation ? generation : -1
}

export function createMemorySessions(
  byId: Map<string, SessionRecord>,
  readUser: (id: string) => UserRecord | null,
  addEvent: AddEvent,
  note: MemoryLogoutNotices['note'],
): MemorySessions {
  function hasLiveUser({ userId, securityStamp }: SessionRecord): boolean {
    const user = readUser(userId)
    return user?.active === true && user.securityStamp === securityStamp
  }

  function live(id: string, now: number): SessionRecord | null {
    const session = byId.get(id)
    const isLive = session?.revokedAt === null && session.expiresAt > now && hasLiveUser(session)
    return isLive ? session : null
  }

  /** The same if it was used after an instant. */
  function inUse(id: string, now: number, idleSince: number): SessionRecord | null {
    const session = live(id, now)
    return session && session.rotatedAt > idleSince ? session : null
  }

  function change(session: SessionRecord, changes: Partial<SessionRecord>): SessionRecord {
    const changed = Object.freeze({ ...session, ...changes })
    byId.set(session.id, changed)
    return changed
  }

  function insert(session: SessionRecord): boolean {
    const { parentId, userId, securityStamp, createdAt } = session
    if (!hasLiveUser(session)) return false
    if (parentId !== null) {
      const parent = live(parentId, createdAt)
      if (parent?.userId !== userId || parent.securityStamp !== securityStamp) return false
    }
    change(session, {})
    return true
  }

  function endAll(which: (session: SessionRecord) => boolean, now: number): SessionRecord[] {
    const ended = [...byId.values()].filter(
      (session) => session.revokedAt === null && which(session),
    )
    return ended.map((session) => change(session, { revokedAt: now }))
  }

  const isChildOf =
    (id: string) =>
    ({ parentId, offline }: SessionRecord): boolean =>
      parentId === id && !offline

  return {
    ...{ live, insert, change, endAll },
    all: (which) => [...byId.values()].filter(which),
    async create(session, event) {
      if (!insert(session)) return false
      addEvent(event)
      return true
    },
    find: async (id) => byId.get(id) ?? null,
    async rotate({ id, generation, retryOf = null, clientId, now, idleSince }) {
      const session = inUse(id, now, idleSince)
      if (session?.generation !== generation || session.clientId !== clientId) return null
      return change(session, { generation: generation + 1, retryOf, rotatedAt: now })
    },
    async reauthenticate(
      { id, userId, securityStamp, idleSince, authenticatedAt, acr, amr, generation, token },
      event,
    ) {
      const session = inUse(id, authenticatedAt, idleSince)
      if (session?.userId !== userId || session.securityStamp !== securityStamp) return null
      if (generation !== undefined && session.generation !== generation) return null
      if (token !== undefined && !isAsTokenSays(session, token)) return null
      addEvent(event)
      return change(session, {
        ...{ authenticatedAt, acr, amr },
        ...(generation === undefined
          ? { retryOf: settledRetryOf(session) }
          : { generation: generation + 1, retryOf: null, rotatedAt: authenticatedAt }),
      })
    },
    async revoke(id, now, { userId, event, withChildren = false, notifies = [] } = {}) {
      const session = byId.get(id)
      if (!session || session.revokedAt !== null) return false
      if (userId !== undefined && session.userId !== userId) return false
      change(session, { revokedAt: now })
      const children = withChildren ? endAll(isChildOf(id), now) : []
      note([session, ...children], notifies, now)
      addEvent(event)
      return true
    },
    async revokeByClient(clientId, now, limit) {
      if (clientId === firstPartyClientId || clientId === browserClientId) return 0
      const theirs = [...byId.values()]
        .filter((session) => session.clientId === clientId && session.revokedAt === null)
        .slice(0, limit)
      for (const session of theirs) change(session, { revokedAt: now })
      return theirs.length
    },
    async listByUser(userId, now, idleSince) {
      const stamp = readUser(userId)?.securityStamp
      return [...byId.values()]
        .filter((session) => session.userId === userId && session.securityStamp === stamp)
        .filter(({ revokedAt, expiresAt }) => revokedAt === null && expiresAt > now)
        .filter((session) => session.rotatedAt > idleSince)
        .sort((a, b) => (a.id > b.id ? -1 : 1))
    },
    async touch(id, now, idleSince) {
      const session = inUse(id, now, idleSince)
      if (session) change(session, { rotatedAt: now })
      return session !== null
    },
    async listChildren(parentId, clientId, now) {
      return [...byId.values()]
        .filter((session) => session.parentId === parentId && session.clientId === clientId)
        .filter(({ revokedAt, expiresAt }) => revokedAt === null && expiresAt > now)
        .sort((a, b) => (a.id > b.id ? -1 : 1))
    },
    async trim(userId, keep) {
      const surplus = [...byId.values()]
        .filter((session) => session.userId === userId)
        .sort(
          (a, b) =>
            Number(a.revokedAt !== null) - Number(b.revokedAt !== null) ||
            b.rotatedAt - a.rotatedAt ||
            (a.id > b.id ? -1 : 1),
        )
        .slice(keep)
      const before = byId.size
      for (const { id } of surplus) {
        byId.delete(id)
        for (const child of [...byId.values()].filter(isChildOf(id))) byId.delete(child.id)
      }
      return before - byId.size
    },
    async prune(endedBefore, lastUsedBefore, limit) {
      const ended = [...byId.values()].filter(
        ({ expiresAt, revokedAt, rotatedAt }) =>
          Math.min(expiresAt, revokedAt ?? expiresAt) < endedBefore || rotatedAt < lastUsedBefore,
      )
      for (const { id } of ended.slice(0, limit)) byId.delete(id)
      const deleted = Math.min(ended.length, limit)
      return { deleted, seen: deleted }
    },
  }
}
