import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import { LRUCache } from 'lru-cache'
import type { UserFields } from '../../core/users/user-fields.ts'
import type { Schema } from './schema.ts'

const noFields: UserFields = Object.freeze({})

/** The text that fields were read from: an operator may have written it with other spaces. */
const texts = new WeakMap<UserFields, string>()

/** Characters of the texts whose fields are kept: some 4,000 users with a kilobyte each. */
const longestKept = 4_000_000

/**
 * What texts were read as. On SQLite the write of anybody makes the next request of everybody read the row again,
 * and mostly the text is what it was.
 */
const known = new LRUCache<string, UserFields>({
  maxSize: longestKept,
  sizeCalculation: (_, text) => text.length,
})

/** The fields of a column. Frozen to the bottom: what is kept is every request's. */
export function readFields(text: string | null): UserFields {
  if (text === null) return noFields
  const read = known.get(text)
  if (read !== undefined) return read
  const fields = frozen(JSON.parse(text) as UserFields)
  texts.set(fields, text)
  known.set(text, fields)
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
