import { type Kysely, sql } from 'kysely'
import { isPostgres } from '../sql/engine.ts'
import { namesOf } from '../sql/named-tables.ts'
import { prefixed } from '../sql/names.ts'
import { ownSchema } from './own-schema.ts'

/** How many taken names the error lists. */
const most = 3

/**
 * Reads which names of the pending steps exist already, so that they are not ours. Returns each with its
 * kind, such as `table users`.
 */
export async function readTakenNames(
  db: Kysely<never>,
  names: readonly string[],
): Promise<readonly string[]> {
  if (names.length === 0) return []
  const ours = sql.join(names.map((name) => prefixed(namesOf(db), name)))
  const found = isPostgres(db)
    ? sql<Found>`with place as (select oid from pg_catalog.pg_namespace where nspname = ${ownSchema(db)})
        select case relkind when 'v' then 'view' when 'm' then 'view' when 'i' then 'index'
          when 'S' then 'sequence' when 'c' then 'type' else 'table' end as kind, relname as name
        from pg_catalog.pg_class join place on relnamespace = place.oid where relname in (${ours})
        union select 'type', typname from pg_catalog.pg_type join place on typnamespace = place.oid
        where typrelid = 0 and typname in (${ours})
        union select 'function', proname from pg_catalog.pg_proc join place on pronamespace = place.oid
        where proname in (${ours})`
    : sql<Found>`select type as kind, name from sqlite_schema
        where lower(name) in (${ours})`
  const { rows } = await found.execute(db)
  const inOrder = rows.toSorted(
    (one, other) => rankOf(one) - rankOf(other) || one.name.localeCompare(other.name),
  )
  return inOrder.map(({ kind, name }) => `${kind} ${name}`)
}

interface Found {
  readonly kind: string
  readonly name: string
}

function rankOf({ kind }: Found): number {
  return kind === 'table' || kind === 'view' ? 0 : 1
}

/** The error for taken names, in one sentence: the names, and how to give the tables other ones. */
export function takenMessage(db: Kysely<never>, taken: readonly string[]): string {
  const told = taken.slice(0, most).join(', ')
  const more = taken.length > most ? ` and ${taken.length - most} more` : ''
  const { schema } = namesOf(db)
  const place = schema === undefined ? 'the database' : `the schema ${schema}`
  const cure = isPostgres(db)
    ? 'set DATABASE_SCHEMA or DATABASE_TABLE_PREFIX (in the library, the options schema and tablePrefix of postgres)'
    : 'set DATABASE_TABLE_PREFIX (in the library, the option tablePrefix of sqlite)'
  return `Portcullis cannot make its tables, because ${place} has its own ${told}${more}: ${cure}, so that they have other names.`
}
