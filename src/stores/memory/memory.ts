import { randomBytes } from 'node:crypto'
import { firstPartyClientId } from '../../core/clients/registration.ts'
import type { SessionRecord, SessionStore } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { createMemoryClients } from './clients.ts'
import { type AddEvent, createMemoryEvents } from './events.ts'
import { createMemoryIdentities } from './identities.ts'
import { createMemoryOneTimeTokens } from './one-time-tokens.ts'
import { createMemoryOutbox } from './outbox.ts'
import { createMemorySigningKeys } from './signing-keys.ts'
import { createMemoryThrottle } from './throttle.ts'
import { createMemoryUsers } from './users.ts'

/** A store that is gone with the process: for tests and trials. */
export function memory(...nothing: readonly never[]): Store {
  if (nothing.length > 0) throw new TypeError('memory() takes nothing: it keeps no file.')
  const key = randomBytes(32)
  const sessionById = new Map<string, SessionRecord>()
  const events = createMemoryEvents()
  const outbox = createMemoryOutbox(events.add)
  const users = createMemoryUsers(sessionById, forgetUser, events.add, () => oneTimeTokens.changes)
  const oneTimeTokens = createMemoryOneTimeTokens(users.read, events.add, outbox)
  const identities = createMemoryIdentities(users, events.add)
  const signingKeys = createMemorySigningKeys(events.add)
  const clients = createMemoryClients(events.add)
  let epoch = ''

  function forgetUser(id: string): void {
    identities.forgetUser(id)
    oneTimeTokens.forgetUser(id)
  }

  return {
    users,
    sessions: createSessions(sessionById, users.read, events.add),
    identities,
    signingKeys,
    throttle: createMemoryThrottle(events.add),
    clients,
    events,
    oneTimeTokens,
    outbox,
    findSubject(userId, sessionId) {
      const user = users.read(userId)
      if (user === null) return null
      const session = sessionById.get(sessionId ?? '')
      const isTheirs = session?.userId === userId && session.revokedAt === null
      const sessionStamp = isTheirs ? session.securityStamp : null
      return { user, sessionStamp, keysVersion: signingKeys.current() }
    },
    findClientSubject: (id) => ({
      client: clients.read(id),
      keysVersion: signingKeys.current(),
      epoch,
    }),
    async revokeAll(securityStamp, now, event) {
      users.stampAll(securityStamp)
      signingKeys.deleteAll(now)
      oneTimeTokens.forgetAll()
      outbox.forgetWaiting()
      epoch = securityStamp
      events.add(event)
      return true
    },
    open: async () => {},
    check: async () => {},
    keyEncryptionKey: async () => key,
    close: async () => {},
  }
}

function createSessions(
  byId: Map<string, SessionRecord>,
  readUser: (id: string) => UserRecord | null,
  addEvent: AddEvent,
): SessionStore {
  function hasLiveUser({ userId, securityStamp }: SessionRecord): boolean {
    const user = readUser(userId)
    return user?.active === true && user.securityStamp === securityStamp
  }

  function change(session: SessionRecord, changes: Partial<SessionRecord>): SessionRecord {
    const changed = Object.freeze({ ...session, ...changes })
    byId.set(session.id, changed)
    return changed
  }

  return {
    async create(session, event) {
      if (!hasLiveUser(session)) return false
      addEvent(event)
      change(session, {})
      return true
    },
    find: async (id) => byId.get(id) ?? null,
    async rotate({ id, generation, clientId, now, idleSince }) {
      const session = byId.get(id)
      const isLive =
        session?.generation === generation &&
        session.clientId === clientId &&
        session.revokedAt === null &&
        session.expiresAt > now &&
        session.rotatedAt > idleSince &&
        hasLiveUser(session)
      return isLive ? change(session, { generation: generation + 1, rotatedAt: now }) : null
    },
    async reauthenticate(
      { id, userId, securityStamp, idleSince, authenticatedAt, acr, amr },
      event,
    ) {
      const session = byId.get(id)
      const isLive =
        session?.userId === userId &&
        session.securityStamp === securityStamp &&
        session.revokedAt === null &&
        session.expiresAt > authenticatedAt &&
        session.rotatedAt > idleSince &&
        hasLiveUser(session)
      if (!isLive) return null
      addEvent(event)
      return change(session, { authenticatedAt, acr, amr })
    },
    async revoke(id, now, { userId, event } = {}) {
      const session = byId.get(id)
      if (!session || session.revokedAt !== null) return false
      if (userId !== undefined && session.userId !== userId) return false
      change(session, { revokedAt: now })
      addEvent(event)
      return true
    },
    async revokeByClient(clientId, now, limit) {
      if (clientId === firstPartyClientId) return 0
      const live = [...byId.values()]
        .filter((session) => session.clientId === clientId && session.revokedAt === null)
        .slice(0, limit)
      for (const session of live) change(session, { revokedAt: now })
      return live.length
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
      const session = byId.get(id)
      const isLive =
        session?.revokedAt === null &&
        session.expiresAt > now &&
        session.rotatedAt > idleSince &&
        hasLiveUser(session)
      if (isLive) change(session, { rotatedAt: now })
      return isLive
    },
    async listChildren(parentId, clientId, now) {
      return [...byId.values()]
        .filter((session) => session.parentId === parentId && session.clientId === clientId)
        .filter(({ revokedAt, expiresAt }) => revokedAt === null && expiresAt > now)
        .sort((a, b) => (a.id > b.id ? -1 : 1))
    },
    async trim(userId, keep) {
      const theirs = [...byId.values()]
        .filter((session) => session.userId === userId)
        .sort((a, b) => b.rotatedAt - a.rotatedAt || (a.id > b.id ? -1 : 1))
        .slice(keep)
      for (const { id } of theirs) byId.delete(id)
      return theirs.length
    },
    async prune(endedBefore, lastUsedBefore, limit) {
      const ended = [...byId.values()].filter(
        ({ expiresAt, revokedAt, rotatedAt }) =>
          Math.min(expiresAt, revokedAt ?? expiresAt) < endedBefore || rotatedAt < lastUsedBefore,
      )
      for (const { id } of ended.slice(0, limit)) byId.delete(id)
      return Math.min(ended.length, limit)
    },
  }
}
