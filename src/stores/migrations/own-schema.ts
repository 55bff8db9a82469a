import { type Kysely, type RawBuilder, sql } from 'kysely'
import { namesOf } from '../sql/named-tables.ts'
import { prefixed } from '../sql/names.ts'
import { StoreError } from '../store-error.ts'

/** The name of the schema that our tables are in, for a statement of PostgreSQL. */
export function ownSchema(db: Kysely<never>): RawBuilder<string> {
  const { schema } = namesOf(db)
  return schema === undefined ? sql`current_schema()` : sql`${schema}`
}

/** A table of ours as a value for a statement of PostgreSQL, of the type regclass. Null if it is not there. */
export function ownTable(db: Kysely<never>, name: string): RawBuilder<string> {
  const whole = prefixed(namesOf(db), name)
  return sql`to_regclass(format('%I.%I', ${ownSchema(db)}::text, ${whole}::text))`
}

/**
 * Makes the schema if the installation has one of its own, which is PostgreSQL's, and it is not there.
 *
 * @throws {StoreError} `access_denied` if the user of the database may not make it.
 */
export async function requireSchema(db: Kysely<never>): Promise<void> {
  const { schema } = namesOf(db)
  if (schema === undefined) return
  // Where it is there, `if not exists` asks for a right that is not needed.
  const { rows } =
    await sql`select 1 from pg_catalog.pg_namespace where nspname = ${schema}`.execute(db)
  if (rows.length > 0) return
  try {
    await sql`create schema ${sql.id(schema)}`.execute(db)
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== '42501') throw cause
    throw new StoreError(
      'access_denied',
      `The schema ${schema} is not there, and the user of the database may not make it: make it with \`create schema ${schema} authorization\` and the user's name, or grant the user create on the database.`,
      { cause },
    )
  }
}
