import {
  type Expression,
  expressionBuilder,
  type InsertQueryBuilder,
  type Kysely,
  type SqlBool,
} from 'kysely'
import type { UserChanges, UserRecord } from '../../core/users/user-store.ts'
import { numberOrNull } from './columns.ts'
import { namesOf } from './named-tables.ts'
import { prefixed } from './names.ts'
import type { Schema, UsersTable } from './schema.ts'
import { readFields, toFields } from './user-fields.ts'

/** A row with every column. */
export const emptyRow: UsersTable = {
  id: '',
  username: '',
  password_hash: '',
  role: '',
  active: 0,
  created_at: 0,
  security_stamp: '',
  email: '',
  email_key: '',
  email_verified_at: 0,
  suspended_until: 0,
  delete_at: 0,
  fields: '',
}
/** Their names, in the order of `emptyRow`. */
export const userColumns = Object.keys(emptyRow) as (keyof UsersTable)[]

/**
 * Which value of a user it is that a unique column has already, or null if it is one of another table.
 * PostgreSQL names the table and the index, SQLite says the column in its message.
 */
export function takenOf(
  db: Kysely<Schema>,
  error: unknown,
): 'email_taken' | 'username_taken' | null {
  const names = namesOf(db)
  const { table, constraint, message } = Object(error) as Readonly<Record<string, unknown>>
  const [, ownTable, column] = /: (\w+)\.(\w+)$/.exec(String(message)) ?? []
  if ((table ?? ownTable) !== prefixed(names, 'users')) return null
  const isEmail = column === 'email_key' || constraint === prefixed(names, 'users_by_email')
  return isEmail ? 'email_taken' : 'username_taken'
}

/** The statement that adds a user. */
export function insertUser(
  db: Kysely<Schema>,
  user: UserRecord,
): InsertQueryBuilder<Schema, 'users', Pick<UsersTable, 'id'>> {
  return db.insertInto('users').values(toRow(user)).returning('id')
}

/** The row of a record. */
export function toRow(user: UserRecord): UsersTable {
  return {
    id: user.id,
    created_at: user.createdAt,
    ...toColumns(user),
  } as UsersTable
}

/** Only the columns that change, so that an update never writes back what it has not read. */
export function toColumns(changes: UserChanges): Partial<UsersTable> {
  return {
    ...(changes.passwordHash !== undefined && { password_hash: changes.passwordHash }),
    ...(changes.role !== undefined && { role: changes.role }),
    ...(changes.active !== undefined && { active: changes.active ? 1 : 0 }),
    ...(changes.securityStamp !== undefined && { security_stamp: changes.securityStamp }),
    ...(changes.username !== undefined && { username: changes.username }),
    ...(changes.email !== undefined && { email: changes.email }),
    ...(changes.emailKey !== undefined && { email_key: changes.emailKey }),
    ...(changes.emailVerifiedAt !== undefined && { email_verified_at: changes.emailVerifiedAt }),
    ...(changes.suspendedUntil !== undefined && { suspended_until: changes.suspendedUntil }),
    ...(changes.deleteAt !== undefined && { delete_at: changes.deleteAt }),
    ...(changes.fields !== undefined && { fields: toFields(changes.fields) }),
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
    email: row.email,
    emailKey: row.email_key,
    emailVerifiedAt: numberOrNull(row.email_verified_at),
    suspendedUntil: numberOrNull(row.suspended_until),
    deleteAt: numberOrNull(row.delete_at),
    fields: readFields(row.fields),
  }
}

/** The condition that a user is active, and has this stamp. */
export function isActiveWithStamp(userId: string, securityStamp: string): Expression<SqlBool> {
  const { exists, selectFrom } = expressionBuilder<Schema, never>()
  return exists(
    selectFrom('users')
      .select('users.id')
      .where('users.id', '=', userId)
      .where('users.security_stamp', '=', securityStamp)
      .where('users.active', '=', 1),
  )
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
