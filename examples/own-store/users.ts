// Users, who are members of the application.

import { isDeepStrictEqual } from 'node:util'
import {
  and,
  count,
  desc,
  eq,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  lte,
  ne,
  sql,
} from 'drizzle-orm'
import {
  type AskingToken,
  ConflictError,
  type GuardedWrite,
  type KeptSession,
  type UserRecord,
  type UserStore,
} from 'portcullis/stores'
import { type Database, inTransaction, type Transaction } from './database.ts'
import { addEvent } from './events.ts'
import { members, sessions } from './schema.ts'

export function createUsers(db: Database): UserStore {
  const findByUsername = db
    .select()
    .from(members)
    .where(eq(members.login, sql.placeholder('login')))
    .prepare()

  return {
    async create(user, { event, alongside } = {}) {
      // The transactions of this driver do not wait, so no statement of others can be in one.
      if (alongside) throw new TypeError('This store takes no alongside.')
      inTransaction(db, (tx) => {
        insertMember(tx, user)
        addEvent(tx, event)
      })
    },
    async createMany(users, eventOf) {
      if (users.length === 0) return []
      return inTransaction(db, (tx) => {
        const created = tx
          .insert(members)
          .values(users.map(toRow))
          .onConflictDoNothing()
          .returning({ login: members.login })
          .all()
          .map(({ login }) => login)
        if (created.length > 0) addEvent(tx, eventOf?.(created))
        return created
      })
    },
    async takenAmong(usernames) {
      return db
        .select({ login: members.login })
        .from(members)
        .where(inArray(members.login, [...usernames]))
        .all()
        .map(({ login }) => login)
    },
    async createFirst(user, event) {
      return inTransaction(db, (tx) => {
        if (tx.select({ id: members.id }).from(members).limit(1).get()) return false
        insertMember(tx, user)
        addEvent(tx, event)
        return true
      })
    },
    findById: async (id) => readMember(db, id),
    async findByUsername(login) {
      const row = findByUsername.get({ login })
      return row ? toRecord(row) : null
    },
    async findByEmail(emailKey) {
      const row = db.select().from(members).where(hasVerified(emailKey)).get()
      return row ? toRecord(row) : null
    },
    async dueForDeletion(now, limit) {
      return db
        .select()
        .from(members)
        .where(lte(members.deleteAt, now))
        .orderBy(members.deleteAt)
        .limit(limit)
        .all()
        .map(toRecord)
    },
    async list({ search = '', after = '', limit }) {
      return (
        db
          .select()
          .from(members)
          // Not `like`: a sign of a pattern in the search means itself.
          .where(
            and(
              gt(members.login, after),
              sql`instr(${members.login}, ${search}) + instr(coalesce(${members.emailKey}, ''), ${search}) > 0`,
            ),
          )
          .orderBy(members.login)
          .limit(limit)
          .all()
          .map(toRecord)
      )
    },
    async counts() {
      const rows = db
        .select({
          role: members.role,
          total: count(),
          active: sql<number>`sum(${members.isActive})`,
        })
        .from(members)
        .groupBy(members.role)
        .all()
      return {
        total: rows.reduce((sum, row) => sum + row.total, 0),
        active: rows.reduce((sum, row) => sum + row.active, 0),
        byRole: Object.fromEntries(rows.map(({ role, total }) => [role, total])),
      }
    },
    async importedHashes(limit) {
      return db
        .select({ hash: members.pwHash })
        .from(members)
        .where(sql`substr(${members.pwHash}, 1, 10) <> '$argon2id$'`)
        .orderBy(desc(members.id))
        .limit(limit)
        .all()
        .flatMap(({ hash }) => hash ?? [])
    },
    async pepperIds() {
      const at = sql`instr(${members.pwHash}, ',keyid=')`
      const id = sql<string>`substr(${members.pwHash}, ${at} + 7, 8)`
      return db
        .selectDistinct({ id })
        .from(members)
        .where(sql`substr(${members.pwHash}, 1, 7) = '$argon2' and ${at} > 0`)
        .orderBy(id)
        .all()
        .map((row) => row.id)
    },
    async update(id, changes, options = {}) {
      const { keepOneActiveIn, ifStamp, keepSession, event } = options
      return inTransaction(db, (tx) => {
        const user = readMember(tx, id)
        if (user === null || !isAsRead(user, options)) return null
        refuseIfLast(tx, user, keepOneActiveIn)
        const changed = { ...user, ...changes }
        refuseIfTaken(tx, changed)
        tx.update(members).set(toRow(changed)).where(eq(members.id, id)).run()
        if (ifStamp !== undefined && keepSession !== undefined) {
          keepOpen(tx, id, keepSession, ifStamp, changed.securityStamp)
        }
        addEvent(tx, event)
        return readMember(tx, id)
      })
    },
    async replacePasswordHash(id, from, to, { renewal, event } = {}) {
      return inTransaction(db, (tx) => {
        const replaced = tx
          .update(members)
          .set({ pwHash: to, ...(renewal && { stamp: renewal.securityStamp }) })
          .where(
            and(
              eq(members.id, id),
              from === null ? isNull(members.pwHash) : eq(members.pwHash, from),
              renewal && eq(members.stamp, renewal.oldSecurityStamp),
              renewal && eq(members.isActive, true),
            ),
          )
          .run()
        if (replaced.changes === 0) return false
        if (renewal?.keepSession !== undefined) {
          const { keepSession, oldSecurityStamp, securityStamp } = renewal
          keepOpen(tx, id, keepSession, oldSecurityStamp, securityStamp)
        }
        addEvent(tx, event)
        return true
      })
    },
    async remove(id, options = {}) {
      const { keepOneActiveIn, event } = options
      return inTransaction(db, (tx) => {
        const user = readMember(tx, id)
        if (user === null || !isAsRead(user, options)) return false
        refuseIfLast(tx, user, keepOneActiveIn)
        // The foreign keys take the sessions and identities with it.
        tx.delete(members).where(eq(members.id, id)).run()
        addEvent(tx, event)
        return true
      })
    },
  }
}

/** @throws {ConflictError} `username_taken`, `email_taken` */
export function insertMember(tx: Transaction, user: UserRecord): void {
  refuseIfTaken(tx, user)
  const { changes } = tx.insert(members).values(toRow(user)).onConflictDoNothing().run()
  // The id.
  if (changes === 0) throw new ConflictError('username_taken')
}

/** Nobody else writes in the transaction: what is free now is free in its next statement. */
function refuseIfTaken(
  tx: Transaction,
  { id, username, emailKey, emailVerifiedAt }: UserRecord,
): void {
  const isAnothers = (condition: ReturnType<typeof eq> | undefined): boolean =>
    tx
      .select()
      .from(members)
      .where(and(condition, ne(members.id, id)))
      .get() !== undefined
  if (isAnothers(eq(members.login, username))) throw new ConflictError('username_taken')
  if (emailKey !== null && emailVerifiedAt !== null && isAnothers(hasVerified(emailKey))) {
    throw new ConflictError('email_taken')
  }
}

function hasVerified(emailKey: string) {
  return and(eq(members.emailKey, emailKey), isNotNull(members.emailVerifiedAt))
}

/** Read in the same transaction as the write: nobody else writes in between. */
function isAsRead(user: UserRecord, { ifStamp, ifFields, ifDueBy }: GuardedWrite): boolean {
  return (
    (ifStamp === undefined || (user.active && user.securityStamp === ifStamp)) &&
    (ifFields === undefined || isDeepStrictEqual(user.fields, ifFields)) &&
    (ifDueBy === undefined || (user.deleteAt !== null && user.deleteAt <= ifDueBy))
  )
}

/** No token before the newest is good for a retry from then on: see `SessionRecord.retryOf`. */
export const settledRetryOf = sql<number>`case
  when ${sessions.retryOf} is null or ${sessions.retryOf} = ${sessions.generation}
  then ${sessions.generation} else -1 end`

/** The condition that a session is as the token says that asks, if one does. */
export function isAsTokenSays(token: AskingToken | undefined) {
  return (
    token &&
    and(
      lte(sessions.rotatedAt, token.issuedAt),
      gte(sessions.authenticatedAt, token.authenticatedAt),
    )
  )
}

/** Gives the session that stays open the new stamp, if it is neither revoked nor of another stamp. */
function keepOpen(tx: Transaction, id: string, keep: KeptSession, from: string, to: string): void {
  tx.update(sessions)
    .set({ securityStamp: to, retryOf: settledRetryOf })
    .where(
      and(
        eq(sessions.id, keep.id),
        eq(sessions.userId, id),
        // Somebody else may have refreshed it meanwhile.
        isAsTokenSays(keep.token),
        eq(sessions.securityStamp, from),
        isNull(sessions.revokedAt),
      ),
    )
    .run()
}

export function readMember(db: Database | Transaction, id: string): UserRecord | null {
  const row = db.select().from(members).where(eq(members.id, id)).get()
  return row ? toRecord(row) : null
}

/** @throws {ConflictError} `last_active` */
function refuseIfLast(tx: Transaction, user: UserRecord, roles: readonly string[] = []): void {
  if (!user.active || !roles.includes(user.role)) return
  const another = tx
    .select({ id: members.id })
    .from(members)
    .where(
      and(
        inArray(members.role, [...roles]),
        eq(members.isActive, true),
        isNull(members.suspendedUntil),
        isNull(members.deleteAt),
        ne(members.id, user.id),
      ),
    )
    .limit(1)
    .get()
  if (!another) throw new ConflictError('last_active')
}

/** Names no column of the application's own, so that no write of a user changes one. */
function toRow(user: UserRecord) {
  return {
    id: user.id,
    login: user.username,
    pwHash: user.passwordHash,
    role: user.role,
    isActive: user.active,
    created: new Date(user.createdAt * 1000),
    stamp: user.securityStamp,
    email: user.email,
    emailKey: user.emailKey,
    emailVerifiedAt: user.emailVerifiedAt,
    suspendedUntil: user.suspendedUntil,
    deleteAt: user.deleteAt,
    fields: user.fields,
  }
}

export function toRecord(row: typeof members.$inferSelect): UserRecord {
  return {
    id: row.id,
    username: row.login,
    passwordHash: row.pwHash,
    role: row.role,
    active: row.isActive,
    createdAt: Math.floor(row.created.getTime() / 1000),
    securityStamp: row.stamp,
    email: row.email,
    emailKey: row.emailKey,
    emailVerifiedAt: row.emailVerifiedAt,
    suspendedUntil: row.suspendedUntil,
    deleteAt: row.deleteAt,
    fields: freeze(row.fields ?? {}),
  }
}

/** A record that was read is nobody's to change. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(freeze)
  return Object.freeze(value)
}
