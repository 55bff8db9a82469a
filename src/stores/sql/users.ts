import { type Kysely, sql } from 'kysely'
import { ConflictError } from '../../core/errors.ts'
import type { GuardedWrite, UserStore } from '../../core/users/user-store.ts'
import type { Engine } from './engine.ts'
import { appendEvent, recorded } from './events.ts'
import { conditionsOf, isAsRead } from './guarded-write.ts'
import { keepOpen } from './kept-session.ts'
import { readPepperIds } from './pepper-index.ts'
import type { Schema } from './schema.ts'
import { createStoreChange, wasThrownAlongside } from './stored-with.ts'
import {
  countByRole,
  emptyRow,
  insertUser,
  takenOf,
  toColumns,
  toRecordOrNull,
  toRow,
  toUserRecord,
  userColumns,
} from './user-rows.ts'

/** Remembers the last answer. */
function memoize<T>(make: (count: number) => T): (count: number) => T {
  let last: { readonly count: number; readonly made: T } | undefined
  return (count) => {
    if (last?.count !== count) last = { count, made: make(count) }
    return last.made
  }
}

/** Users in SQL: one implementation of every query for every engine. */
export function createUserStore(engine: Engine): UserStore {
  const { db, scans, prepareRead, inTransaction, inTurn, isUniqueViolation } = engine
  const readById = prepareRead(db.selectFrom('users').selectAll().where('id', '=', '').compile())
  const readByUsername = prepareRead(
    db.selectFrom('users').selectAll().where('username', '=', '').compile(),
  )
  const readByEmail = prepareRead(
    db
      .selectFrom('users')
      .selectAll()
      .where('email_key', '=', '')
      // The condition of the index.
      .where('email_verified_at', 'is not', null)
      .compile(),
  )
  const storeChange = createStoreChange(engine)

  /** Says which of the values that must be unique is taken. */
  async function explaining<T>(change: Promise<T>): Promise<T> {
    try {
      return await change
    } catch (error) {
      const code =
        !wasThrownAlongside(error) && isUniqueViolation(error) ? takenOf(db, error) : null
      throw code === null ? error : new ConflictError(code, { cause: error })
    }
  }

  // Compiled once for each number of rows, which is nearly always the same: compiling takes longer than
  // running.
  const insertMany = memoize((count) =>
    db
      .insertInto('users')
      .values(Array.from({ length: count }, () => ({ ...emptyRow })))
      .onConflict((conflict) => conflict.doNothing())
      .returning('username')
      .compile(),
  )
  const selectAmong = memoize((count) =>
    db
      .selectFrom('users')
      .select('username')
      .where('username', 'in', Array<string>(count).fill(''))
      .compile(),
  )

  /** Nothing was changed: because there is no such user, or because of the condition? */
  async function refuseIfPresent(id: string, options: GuardedWrite): Promise<void> {
    const row = await readById(id)
    if (row && isAsRead(row, options)) throw new ConflictError('last_active')
  }

  return {
    async create(user, storedWith) {
      await explaining(storeChange(insertUser(db, user), storedWith))
    },
    async createMany(users, eventOf) {
      if (users.length === 0) return []
      const rows = users.map(toRow)
      const parameters = rows.flatMap((row) => userColumns.map((column) => row[column]))
      const query = { ...insertMany(rows.length), parameters }
      const insert = async (connection: Kysely<Schema>): Promise<readonly string[]> => {
        const { rows: created } = await connection.executeQuery<{ username: string }>(query)
        return created.map(({ username }) => username)
      }
      if (eventOf === undefined) return await insert(db)
      return await inTransaction(async (transaction) => {
        const created = await insert(transaction)
        if (created.length > 0) await transaction.executeQuery(appendEvent(db, eventOf(created)))
        return created
      })
    },
    async takenAmong(usernames) {
      if (usernames.length === 0) return []
      const query = selectAmong(usernames.length)
      const { rows } = await db.executeQuery<{ username: string }>({
        ...query,
        parameters: usernames,
      })
      return rows.map(({ username }) => username)
    },
    async createFirst(user, event) {
      const row = toRow(user)
      const insert = db
        .insertInto('users')
        .columns(userColumns)
        .expression(
          db
            .selectNoFrom((eb) => userColumns.map((column) => eb.val(row[column]).as(column)))
            .where(({ not, exists }) => not(exists(db.selectFrom('users').select('id')))),
        )
        .returning('id')
      const inserted = await inTurn('users', (connection) => recorded(connection, event, insert))
      return inserted.length === 1
    },
    findById: async (id) => toRecordOrNull(await readById(id)),
    findByUsername: async (username) => toRecordOrNull(await readByUsername(username)),
    findByEmail: async (emailKey) => toRecordOrNull(await readByEmail(emailKey)),
    async list({ search, after, limit }) {
      const searches = search !== undefined && search !== ''
      const reader = searches ? scans : db
      let query = reader.selectFrom('users').selectAll().orderBy('username').limit(limit)
      if (after !== undefined) query = query.where('username', '>', after)
      if (searches) {
        const pattern = `%${search.replace(/[\\%_]/g, '\\$&')}%`
        query = query.where(
          sql<boolean>`(username like ${pattern} escape '\\' or email_key like ${pattern} escape '\\')`,
        )
      }
      return (await query.execute()).map(toUserRecord)
    },
    async counts() {
      const rows = await countByRole(scans)
      const add = (pick: (row: (typeof rows)[number]) => number): number =>
        rows.reduce((sum, row) => sum + pick(row), 0)
      return {
        total: add((row) => row.users),
        active: add((row) => row.active),
        byRole: Object.fromEntries(rows.map((row) => [row.role, row.users])),
      }
    },
    async importedHashes(limit) {
      const rows = await db
        .selectFrom('users')
        .select('password_hash')
        // The condition of an index, word for word.
        .where(sql<boolean>`substr(password_hash, 1, 10) <> '$argon2id$'`)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.flatMap(({ password_hash }) => password_hash ?? [])
    },
    pepperIds: () => readPepperIds(db),
    async update(id, changes, options = {}) {
      const { keepOneActiveIn, ifStamp, keepSession } = options
      const columns = toColumns(changes)
      // A statement has to set something.
      const isEmpty = Object.keys(columns).length === 0
      let query = db
        .updateTable('users')
        .set(isEmpty ? { id } : columns)
        .where('id', '=', id)
      for (const condition of conditionsOf(id, options)) query = query.where(condition)
      const { securityStamp } = changes
      const keeps =
        keepSession !== undefined && ifStamp !== undefined && securityStamp !== undefined
      const [row] = await explaining(
        storeChange(query.returningAll(), options, {
          turn: keepOneActiveIn?.length ? 'users' : undefined,
          ends: { userId: id, keepSession: keeps ? keepSession : undefined },
          follow: keeps
            ? (transaction) =>
                keepOpen(transaction, id, {
                  ...{ keepSession, oldSecurityStamp: ifStamp, securityStamp },
                })
            : undefined,
        }),
      )
      if (row === undefined && keepOneActiveIn?.length) await refuseIfPresent(id, options)
      return row ? toUserRecord(row) : null
    },
    async replacePasswordHash(id, from, to, { renewal, ...storedWith } = {}) {
      const securityStamp = renewal?.securityStamp
      let query = db
        .updateTable('users')
        .set(toColumns({ passwordHash: to, ...(securityStamp && { securityStamp }) }))
        .where('id', '=', id)
        .where('password_hash', from === null ? 'is' : '=', from)
      if (renewal) {
        query = query.where('security_stamp', '=', renewal.oldSecurityStamp).where('active', '=', 1)
      }
      const replaced = await storeChange(query.returning('id'), storedWith, {
        ends: { userId: id, keepSession: renewal?.keepSession },
        follow: renewal?.keepSession
          ? (transaction) => keepOpen(transaction, id, renewal)
          : undefined,
      })
      return replaced.length === 1
    },
    async dueForDeletion(now, limit) {
      const rows = await db
        .selectFrom('users')
        .selectAll()
        .where('delete_at', '<=', now)
        .orderBy('delete_at')
        .limit(limit)
        .execute()
      return rows.map(toUserRecord)
    },
    async remove(id, options = {}) {
      let query = db.deleteFrom('users').where('id', '=', id)
      for (const condition of conditionsOf(id, options)) query = query.where(condition)
      const removed = await storeChange(query.returning('id'), options, {
        turn: 'users',
        ends: { userId: id },
      })
      if (removed.length > 0) return true
      if (options.keepOneActiveIn?.length) await refuseIfPresent(id, options)
      return false
    },
  }
}
