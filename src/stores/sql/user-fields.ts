import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import type { UserFields } from '../../core/users/user-fields.ts'
import type { Schema } from './schema.ts'

const noFields: UserFields = Object.freeze({})

/** The text that fields were read from: an operator may have written it with other spaces. */
const texts = new WeakMap<UserFields, string>()

/** The fields of a column. Frozen to the bottom: a record that a cache keeps is every request's. */
export function readFields(text: string | null): UserFields {
  if (text === null) return noFields
  const fields = frozen(JSON.parse(text) as UserFields)
  texts.set(fields, text)
  return fields
}

/** Freezes all that was parsed, in less time than a reviver of `JSON.parse`. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) frozen(member)
  return Object.freeze(value)
}

/** The column of new fields. */
export function toFields(fields: UserFields): string | null {
  return Object.keys(fields).length === 0 ? null : JSON.stringify(fields)
}

/** The column of fields that were read. */
export function textOf(fields: UserFields): string | null {
  return texts.get(fields) ?? toFields(fields)
}

/** The condition that a user has the fields that were read. */
export function hasFields(
  fields: UserFields,
): (eb: ExpressionBuilder<Schema, 'users'>) => Expression<SqlBool> {
  const text = textOf(fields)
  return (eb) => eb('users.fields', text === null ? 'is' : '=', text)
}
