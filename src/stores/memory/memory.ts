import { randomBytes } from 'node:crypto'
import { firstPartyClientId } from '../../core/clients/registration.ts'
import { ConflictError } from '../../core/errors.ts'
import type { SessionRecord, SessionStore } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import type { UserRecord, UserStore } from '../../core/users/user-store.ts'
import { createMemoryClients } from './clients.ts'
import { type AddEvent, createMemoryEvents } from './events.ts'
import { createMemoryIdentities } from './identities.ts'
import { createMemorySigningKeys } from './signing-keys.ts'
import { createMemoryThrottle } from './throttle.ts'

/** A store that is gone with the process: for tests and trials. */
export function memory(...nothing: readonly never[]): Store {
  if (nothing.length > 0) throw new TypeError('memory() takes nothing: it keeps no file.')
  const key = randomBytes(32)
  const sessionById = new Map<string, SessionRecord>()
  const events = createMemoryEvents()
  const users = createUsers(sessionById, (id) => identities.forgetUser(id), events.add)
  const identities = createMemoryIdentities(users, events.add)
  const signingKeys = createMemorySigningKeys(events.add)
  const clients = createMemoryClients(events.add)
  let epoch = ''
  return {
    users,
    sessions: createSessions(sessionById, users.read, events.add),
    identities,
    signingKeys,
    throttle: createMemoryThrottle(events.add),
    clients,
    events,
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

interface Users extends UserStore {
  read(id: string): UserRecord | null
  readByUsername(username: string): UserRecord | null
  stampAll(securityStamp: string): void
}

function createUsers(
  sessionById: Map<string, SessionRecord>,
  forgetIdentities: (userId: string) => void,
  addEvent: AddEvent,
): Users {
  const byId = new Map<string, UserRecord>()
  const idByUsername = new Map<string, string>()

  function refuseIfLast(user: UserRecord, roles: readonly string[] = []): void {
    const counts = (other: UserRecord): boolean => other.active && roles.includes(other.role)
    if (!counts(user)) return
    for (const other of byId.values()) if (other.id !== user.id && counts(other)) return
    throw new ConflictError('last_active')
  }

  function insert(user: UserRecord): void {
    if (idByUsername.has(user.username)) throw new ConflictError('username_taken')
    byId.set(user.id, Object.freeze({ ...user }))
    idByUsername.set(user.username, user.id)
  }

  const read = (id: string): UserRecord | null => byId.get(id) ?? null
  const readByUsername = (username: string): UserRecord | null =>
    read(idByUsername.get(username) ?? '')

  return {
    read,
    readByUsername,
    stampAll(securityStamp) {
      for (const user of byId.values()) byId.set(user.id, Object.freeze({ ...user, securityStamp }))
    },
    async create(user, event) {
      insert(user)
      addEvent(event)
    },
    async createMany(users, eventOf) {
      const free = users.filter((user) => {
        if (byId.has(user.id) || idByUsername.has(user.username)) return false
        insert(user)
        return true
      })
      const usernames = free.map(({ username }) => username)
      if (usernames.length > 0) addEvent(eventOf?.(usernames))
      return usernames
    },
    async takenAmong(usernames) {
      return usernames.filter((username) => idByUsername.has(username))
    },
    async createFirst(user, event) {
      if (byId.size > 0) return false
      insert(user)
      addEvent(event)
      return true
    },
    findById: async (id) => read(id),
    findByUsername: async (username) => readByUsername(username),
    async list({ search = '', after = '', limit }) {
      return [...byId.values()]
        .filter(({ username }) => username > after && username.includes(search))
        .sort((a, b) => (a.username < b.username ? -1 : 1))
        .slice(0, limit)
    },
    async counts() {
      const byRole = new Map<string, number>()
      let active = 0
      for (const user of byId.values()) {
        byRole.set(user.role, (byRole.get(user.role) ?? 0) + 1)
        if (user.active) active++
      }
      return { total: byId.size, active, byRole: Object.fromEntries(byRole) }
    },
    async importedHashes(limit) {
      return [...byId.values()]
        .sort((a, b) => (a.id < b.id ? 1 : -1))
        .flatMap(({ passwordHash }) => passwordHash ?? [])
        .filter((hash) => !hash.startsWith('$argon2id$'))
        .slice(0, limit)
    },
    async pepperIds() {
      const hashes = [...byId.values()].flatMap(({ passwordHash }) => passwordHash ?? [])
      return [
        ...new Set(hashes.flatMap((hash) => /^\$argon2.*,keyid=(.{8})/.exec(hash)?.[1] ?? [])),
      ].sort()
    },
    async update(id, changes, { keepOneActiveIn, event } = {}) {
      const user = byId.get(id)
      if (!user) return null
      refuseIfLast(user, keepOneActiveIn)
      const changed = Object.freeze({ ...user, ...changes })
      byId.set(id, changed)
      addEvent(event)
      return changed
    },
    async replacePasswordHash(id, from, to, { renewal, event } = {}) {
      const user = byId.get(id)
      if (user?.passwordHash !== from) return false
      const oldStamp = user.securityStamp
      if (renewal && !(user.active && oldStamp === renewal.oldSecurityStamp)) return false
      const securityStamp = renewal?.securityStamp ?? oldStamp
      byId.set(id, Object.freeze({ ...user, passwordHash: to, securityStamp }))
      addEvent(event)
      const kept = sessionById.get(renewal?.keepSession ?? '')
      if (kept?.userId === id && kept.securityStamp === oldStamp && kept.revokedAt === null) {
        sessionById.set(kept.id, Object.freeze({ ...kept, securityStamp }))
      }
      return true
    },
    async remove(id, { keepOneActiveIn, event } = {}) {
      const user = byId.get(id)
      if (!user) return false
      refuseIfLast(user, keepOneActiveIn)
      idByUsername.delete(user.username)
      for (const session of sessionById.values()) {
        if (session.userId === id) sessionById.delete(session.id)
      }
      forgetIdentities(id)
      addEvent(event)
      return byId.delete(id)
    },
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
