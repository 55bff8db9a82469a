import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import type { GuardedWrite } from '../../core/users/user-store.ts'
import type { Schema, UsersTable } from './schema.ts'
import { hasFields, textOf } from './user-fields.ts'

type Condition = (eb: ExpressionBuilder<Schema, 'users'>) => Expression<SqlBool>

/**
 * The conditions of a change or a removal. As parts of the statement that makes it, they leave no moment
 * between the look and the write.
 */
export function conditionsOf(id: string, options: GuardedWrite): readonly Condition[] {
  const { keepOneActiveIn = [], ifStamp, ifFields, ifDueBy } = options
  return [
    ...(keepOneActiveIn.length > 0 ? [isNotTheLast(id, keepOneActiveIn)] : []),
    ...(ifStamp === undefined ? [] : [hasStamp(ifStamp)]),
    ...(ifFields === undefined ? [] : [hasFields(ifFields)]),
    ...(ifDueBy === undefined ? [] : [isDueBy(ifDueBy)]),
  ]
}

/** True if a row that was read later meets all of them but `keepOneActiveIn`. */
export function isAsRead(row: UsersTable, { ifStamp, ifFields, ifDueBy }: GuardedWrite): boolean {
  return (
    (ifStamp === undefined || (Number(row.active) === 1 && row.security_stamp === ifStamp)) &&
    (ifFields === undefined || row.fields === textOf(ifFields)) &&
    (ifDueBy === undefined || (row.delete_at !== null && Number(row.delete_at) <= ifDueBy))
  )
}

function hasStamp(stamp: string): Condition {
  return (eb) => eb.and([eb('users.security_stamp', '=', stamp), eb('users.active', '=', 1)])
}

// Of one that is null nothing is known, so such a row is left alone.
function isDueBy(instant: number): Condition {
  return (eb) => eb('users.delete_at', '<=', instant)
}

/** The condition that a user is not the only active one in these roles. */
function isNotTheLast(id: string, roles: readonly string[]): Condition {
  return (eb) =>
    eb.or([
      eb.not(eb.and([eb('users.role', 'in', [...roles]), eb('users.active', '=', 1)])),
      eb.exists(
        eb
          .selectFrom('users as other')
          .select('other.id')
          .where('other.role', 'in', [...roles])
          .where('other.active', '=', 1)
          .where('other.suspended_until', 'is', null)
          .where('other.delete_at', 'is', null)
          .where('other.id', '<>', id),
      ),
    ])
}
