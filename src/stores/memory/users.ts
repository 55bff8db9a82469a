import { ConflictError } from '../../core/errors.ts'
import type { NotifiedClients } from '../../core/mail/stored-with.ts'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import { isAsTokenSays } from '../../core/tokens/authentication.ts'
import type { KeptSession } from '../../core/users/kept-session.ts'
import type { UserFields } from '../../core/users/user-fields.ts'
import type { GuardedWrite, UserRecord, UserStore } from '../../core/users/user-store.ts'
import type { AddEvent } from './events.ts'
import type { MemoryLogoutNotices } from './logout-notices.ts'
import type { MemoryChanges } from './one-time-tokens.ts'
import { settledRetryOf } from './sessions.ts'

export interface MemoryUsers extends UserStore {
  read(id: string): UserRecord | null
  /** Creates a user without a pause. @throws {ConflictError} `username_taken`, `email_taken` */
  insert(user: UserRecord): void
  stampAll(securityStamp: string): void
  /** Ends the sessions of a user but one, with notices for clients. */
  stamp(
    id: string,
    securityStamp: string,
    notifies: NotifiedClients | undefined,
    keepSession?: KeptSession,
  ): void
}

/** Users in memory. */
export function createMemoryUsers(
  sessionById: Map<string, SessionRecord>,
  forgetUser: (userId: string) => void,
  addEvent: AddEvent,
  changesOf: () => MemoryChanges,
  note: MemoryLogoutNotices['note'],
): MemoryUsers {
  const byId = new Map<string, UserRecord>()
  const idByUsername = new Map<string, string>()
  const idByEmail = new Map<string, string>()

  function refuseIfLast(user: UserRecord, roles: readonly string[] = []): void {
    const counts = (other: UserRecord): boolean => other.active && roles.includes(other.role)
    if (!counts(user)) return
    for (const other of byId.values()) {
      const stays = other.suspendedUntil === null && other.deleteAt === null
      if (other.id !== user.id && counts(other) && stays) return
    }
    throw new ConflictError('last_active')
  }

  const verifiedKeyOf = ({ emailKey, emailVerifiedAt }: UserRecord): string | null =>
    emailVerifiedAt === null ? null : emailKey

  /** Puts the record in the place of the one before, unless what must be unique is another's. */
  function replace(before: UserRecord | undefined, user: UserRecord): UserRecord {
    const isAnothers = (taken: string | undefined): boolean =>
      taken !== undefined && taken !== before?.id
    const key = verifiedKeyOf(user)
    if (before === undefined && byId.has(user.id)) throw new ConflictError('username_taken')
    if (isAnothers(idByUsername.get(user.username))) throw new ConflictError('username_taken')
    if (isAnothers(idByEmail.get(key ?? ''))) throw new ConflictError('email_taken')
    if (before) forgetNames(before)
    const stored = Object.freeze({ ...user, fields: copyOf(user.fields) })
    byId.set(user.id, stored)
    idByUsername.set(user.username, user.id)
    if (key !== null) idByEmail.set(key, user.id)
    return stored
  }

  function forgetNames(user: UserRecord): void {
    idByUsername.delete(user.username)
    idByEmail.delete(verifiedKeyOf(user) ?? '')
  }

  const insert = (user: UserRecord): UserRecord => replace(undefined, user)

  const isAsRead = (user: UserRecord, { ifStamp, ifFields, ifDueBy }: GuardedWrite): boolean =>
    (ifStamp === undefined || (user.active && user.securityStamp === ifStamp)) &&
    (ifFields === undefined || JSON.stringify(user.fields) === JSON.stringify(ifFields)) &&
    (ifDueBy === undefined || (user.deleteAt !== null && user.deleteAt <= ifDueBy))

  /** Stores notices for the live sessions of a user that a change is about to end. */
  function noteAllOf(
    { id, securityStamp }: UserRecord,
    notifies: NotifiedClients | undefined,
    keepSession?: KeptSession,
  ): void {
    if (notifies === undefined) return
    const ending = [...sessionById.values()].filter(
      (session) =>
        session.userId === id &&
        session.securityStamp === securityStamp &&
        session.revokedAt === null &&
        session.expiresAt > notifies.now &&
        !(keepSession && isKept(session, keepSession)),
    )
    note(ending, notifies.clientIds, notifies.now)
  }

  /** Gives the session that stays open the new stamp. */
  function keepOpen(id: string, keep: KeptSession | undefined, from: string, to: string): void {
    const kept = sessionById.get(keep?.id ?? '')
    if (!keep || !kept || !isKept(kept, keep)) return
    if (kept.userId === id && kept.securityStamp === from && kept.revokedAt === null) {
      sessionById.set(
        kept.id,
        Object.freeze({ ...kept, securityStamp: to, retryOf: settledRetryOf(kept) }),
      )
    }
  }

  const read = (id: string): UserRecord | null => byId.get(id) ?? null
  const readByUsername = (username: string): UserRecord | null =>
    read(idByUsername.get(username) ?? '')

  return {
    read,
    insert,
    stampAll(securityStamp) {
      for (const user of byId.values()) byId.set(user.id, Object.freeze({ ...user, securityStamp }))
    },
    stamp(id, securityStamp, notifies, keepSession) {
      const user = byId.get(id)
      if (user === undefined) return
      noteAllOf(user, notifies, keepSession)
      byId.set(id, Object.freeze({ ...user, securityStamp }))
      keepOpen(id, keepSession, user.securityStamp, securityStamp)
    },
    async create(user, storedWith) {
      changesOf().check(storedWith)
      insert(user)
      changesOf().store(storedWith)
    },
    async createMany(users, eventOf) {
      const free = users.filter((user) => {
        if (byId.has(user.id)) return false
        try {
          insert(user)
        } catch {
          return false
        }
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
    findByEmail: async (emailKey) => read(idByEmail.get(emailKey) ?? ''),
    async list({ search = '', after = '', limit }) {
      return [...byId.values()]
        .filter(({ username }) => username > after)
        .filter((user) => user.username.includes(search) || user.emailKey?.includes(search))
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
    async update(id, changes, options = {}) {
      const { keepOneActiveIn, ifStamp, keepSession } = options
      changesOf().check(options)
      const user = byId.get(id)
      if (!user || !isAsRead(user, options)) return null
      refuseIfLast(user, keepOneActiveIn)
      const changed = replace(user, { ...user, ...changes })
      noteAllOf(user, options.notifies, ifStamp === undefined ? undefined : keepSession)
      if (ifStamp !== undefined) keepOpen(id, keepSession, ifStamp, changed.securityStamp)
      changesOf().store(options)
      return changed
    },
    async dueForDeletion(now, limit) {
      return [...byId.values()]
        .filter(({ deleteAt }) => deleteAt !== null && deleteAt <= now)
        .sort((one, other) => Number(one.deleteAt) - Number(other.deleteAt))
        .slice(0, limit)
    },
    async replacePasswordHash(id, from, to, { renewal, ...storedWith } = {}) {
      changesOf().check(storedWith)
      const user = byId.get(id)
      if (user?.passwordHash !== from) return false
      const oldStamp = user.securityStamp
      if (renewal && !(user.active && oldStamp === renewal.oldSecurityStamp)) return false
      const securityStamp = renewal?.securityStamp ?? oldStamp
      noteAllOf(user, storedWith.notifies, renewal?.keepSession)
      byId.set(id, Object.freeze({ ...user, passwordHash: to, securityStamp }))
      keepOpen(id, renewal?.keepSession, oldStamp, securityStamp)
      changesOf().store(storedWith)
      return true
    },
    async remove(id, options = {}) {
      changesOf().check(options)
      const user = byId.get(id)
      if (!user || !isAsRead(user, options)) return false
      refuseIfLast(user, options.keepOneActiveIn)
      forgetNames(user)
      noteAllOf(user, options.notifies)
      for (const session of sessionById.values()) {
        if (session.userId === id) sessionById.delete(session.id)
      }
      changesOf().store(options)
      forgetUser(id)
      return byId.delete(id)
    },
  }
}

/** Whether a session is the one that stays open, as far as its stamp does not decide. */
function isKept(session: SessionRecord, { id, token }: KeptSession): boolean {
  return session.id === id && (token === undefined || isAsTokenSays(session, token))
}

/** What was written stays so, whatever the caller does with it, and is JSON as in a database. */
function copyOf(fields: UserFields): UserFields {
  return JSON.parse(JSON.stringify(fields), (_key, value) => Object.freeze(value))
}
