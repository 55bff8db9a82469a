import {
  type Expression,
  type ExpressionBuilder,
  type InsertQueryBuilder,
  type Kysely,
  type SqlBool,
  sql,
} from 'kysely'
import { ConflictError } from '../../core/errors.ts'
import type { UserChanges, UserRecord, UserStore } from '../../core/users/user-store.ts'
import type { Engine } from './engine.ts'
import { appendEvent, recorded } from './events.ts'
import { readPepperIds } from './pepper-index.ts'
import type { Schema, UsersTable } from './schema.ts'

const emptyRow: UsersTable = {
  id: '',
  username: '',
  password_hash: '',
  role: '',
  active: 0,
  created_at: 0,
  security_stamp: '',
}
const userColumns = Object.keys(emptyRow) as (keyof UsersTable)[]

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
  async function refuseIfPresent(id: string): Promise<void> {
    if (await readById(id)) throw new ConflictError('last_active')
  }

  return {
    async create(user, event) {
      try {
        await recorded(db, event, insertUser(db, user))
      } catch (error) {
        if (isUniqueViolation(error)) throw new ConflictError('username_taken', { cause: error })
        throw error
      }
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
    async list({ search, after, limit }) {
      const searches = search !== undefined && search !== ''
      const reader = searches ? scans : db
      let query = reader.selectFrom('users').selectAll().orderBy('username').limit(limit)
      if (after !== undefined) query = query.where('username', '>', after)
      if (searches) {
        const pattern = `%${search.replace(/[\\%_]/g, '\\$&')}%`
        query = query.where(sql<boolean>`username like ${pattern} escape '\\'`)
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
    async update(id, changes, { keepOneActiveIn, event } = {}) {
      let query = db.updateTable('users').set(toColumns(changes)).where('id', '=', id)
      if (keepOneActiveIn?.length) query = query.where(isNotTheLast(id, keepOneActiveIn))
      const update = (connection: Kysely<Schema>) =>
        recorded(connection, event, query.returningAll())
      const [row] = await (keepOneActiveIn?.length ? inTurn('users', update) : update(db))
      if (row === undefined) await refuseIfPresent(id)
      return row ? toUserRecord(row) : null
    },
    async replacePasswordHash(id, from, to, { renewal, event } = {}) {
      const securityStamp = renewal?.securityStamp
      let query = db
        .updateTable('users')
        .set(toColumns({ passwordHash: to, ...(securityStamp && { securityStamp }) }))
        .where('id', '=', id)
        .where('password_hash', from === null ? 'is' : '=', from)
      if (renewal) {
        query = query.where('security_stamp', '=', renewal.oldSecurityStamp).where('active', '=', 1)
      }
      const replace = async (connection: Kysely<Schema>): Promise<boolean> =>
        (await recorded(connection, event, query.returning('id'))).length === 1
      if (renewal?.keepSession === undefined) return await replace(db)
      const { keepSession, oldSecurityStamp } = renewal
      return await inTransaction(async (transaction) => {
        if (!(await replace(transaction))) return false
        await transaction
          .updateTable('sessions')
          .set({ security_stamp: securityStamp })
          .where('id', '=', keepSession)
          .where('user_id', '=', id)
          .where('security_stamp', '=', oldSecurityStamp)
          .where('revoked_at', 'is', null)
          .execute()
        return true
      })
    },
    async remove(id, { keepOneActiveIn, event } = {}) {
      let query = db.deleteFrom('users').where('id', '=', id)
      if (keepOneActiveIn?.length) query = query.where(isNotTheLast(id, keepOneActiveIn))
      const removed = await inTurn('users', (connection) =>
        recorded(connection, event, query.returning('id')),
      )
      if (removed.length > 0) return true
      await refuseIfPresent(id)
      return false
    },
  }
}

/**
 * The condition that a user is not the only active one in these roles. As a part of the statement
 * that changes the user, it leaves no moment between the check and the change.
 */
function isNotTheLast(id: string, roles: readonly string[]) {
  return (eb: ExpressionBuilder<Schema, 'users'>): Expression<SqlBool> =>
    eb.or([
      eb.not(eb.and([eb('users.role', 'in', [...roles]), eb('users.active', '=', 1)])),
      eb.exists(
        eb
          .selectFrom('users as other')
          .select('other.id')
          .where('other.role', 'in', [...roles])
          .where('other.active', '=', 1)
          .where('other.id', '<>', id),
      ),
    ])
}

/** The statement that adds a user. */
export function insertUser(
  db: Kysely<Schema>,
  user: UserRecord,
): InsertQueryBuilder<Schema, 'users', Pick<UsersTable, 'id'>> {
  return db.insertInto('users').values(toRow(user)).returning('id')
}

/** The row of a record. */
function toRow(user: UserRecord): UsersTable {
  return {
    id: user.id,
    username: user.username,
    created_at: user.createdAt,
    ...toColumns(user),
  } as UsersTable
}

/** Only the columns that change, so that an update never writes back what it has not read. */
function toColumns(changes: UserChanges): Partial<UsersTable> {
  return {
    ...(changes.passwordHash !== undefined && { password_hash: changes.passwordHash }),
    ...(changes.role !== undefined && { role: changes.role }),
    ...(changes.active !== undefined && { active: changes.active ? 1 : 0 }),
    ...(changes.securityStamp !== undefined && { security_stamp: changes.securityStamp }),
  }
}

/** The record of a row. */
export function toUserRecord(row: UsersTable): UserRecord {
  return {
    id: row.id,
    username: row.username,
    passwordHash: row.password_hash,
    role: row.role,
    active: row.active === 1,
    // Kept as bigint by PostgreSQL, whose driver reads that as text.
    createdAt: Number(row.created_at),
    securityStamp: row.security_stamp,
  }
}

/** The record of a row that may not be there. */
export function toRecordOrNull(row: UsersTable | undefined): UserRecord | null {
  return row === undefined ? null : toUserRecord(row)
}

/** How many users each role has, and how many of them are active. */
export async function countByRole(
  db: Kysely<Schema>,
): Promise<readonly { readonly role: string; readonly users: number; readonly active: number }[]> {
  const rows = await db
    .selectFrom('users')
    .select((eb) => [
      'role',
      eb.fn.countAll<number>().as('users'),
      eb.fn.sum<number>('active').as('active'),
    ])
    .groupBy('role')
    .orderBy('role')
    .execute()
  return rows.map(({ role, users, active }) => ({
    role,
    users: Number(users),
    active: Number(active),
  }))
}
