import { type Kysely, sql } from 'kysely'
import { isPostgres } from '../sql/engine.ts'
import { inOwnSchema, namesOf } from '../sql/named-tables.ts'
import { prefixed } from '../sql/names.ts'
import { ownSchema } from './own-schema.ts'

/**
 * Where it is kept which steps a database has behind it. Not under the name that Kysely gives such a table,
 * which another application in the same database may use.
 */
const stepTable = 'portcullis_migration'

/** What the first version had, which used Kysely's names. */
const formerTable = 'kysely_migration'

/** Says whether a step of this name is ours. */
type IsOurs = (step: string) => boolean

/** Reads the names of the steps that a database has behind it, also before its table is renamed. */
export async function readSteps(db: Kysely<never>, isOurs: IsOurs): Promise<readonly string[]> {
  const table = stepTableOf(db)
  return (await hasTable(db, table)) ? await stepsIn(db, table) : await formerSteps(db, isOurs)
}

/** Makes the table of the steps, or renames that of the first version. */
export async function requireStepTable(db: Kysely<never>, isOurs: IsOurs): Promise<void> {
  const table = stepTableOf(db)
  if (await hasTable(db, table)) return
  const former = (await formerSteps(db, isOurs)).length > 0
  await (former ? renameFormer(db) : createTable(db, table))
}

/** Remembers that a step was made. */
export async function recordStep(db: Kysely<never>, name: string): Promise<void> {
  const now = new Date().toISOString()
  await sql`insert into ${inOwnSchema(db, stepTableOf(db))} values (${name}, ${now})`.execute(db)
}

function stepTableOf(db: Kysely<never>): string {
  return prefixed(namesOf(db), stepTable)
}

async function createTable(db: Kysely<never>, name: string): Promise<void> {
  await sql`create table ${inOwnSchema(db, name)}
    ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null)`.execute(db)
}

/** The steps of the first version. None if the table has other steps too: then it is not ours. */
async function formerSteps(db: Kysely<never>, isOurs: IsOurs): Promise<readonly string[]> {
  // The first version had no prefix.
  if (prefixed(namesOf(db), '') !== '' || !(await hasTable(db, formerTable))) return []
  const steps = await stepsIn(db, formerTable)
  return steps.every(isOurs) ? steps : []
}

async function renameFormer(db: Kysely<never>): Promise<void> {
  await sql`alter table ${inOwnSchema(db, formerTable)} rename to ${sql.id(stepTable)}`.execute(db)
  await sql`drop table if exists ${inOwnSchema(db, 'kysely_migration_lock')}`.execute(db)
}

async function hasTable(db: Kysely<never>, name: string): Promise<boolean> {
  const tables = isPostgres(db)
    ? sql`pg_catalog.pg_tables where schemaname = ${ownSchema(db)} and tablename = ${name}`
    : sql`sqlite_schema where type = 'table' and name = ${name}`
  const { rows } = await sql`select 1 from ${tables}`.execute(db)
  return rows.length > 0
}

async function stepsIn(db: Kysely<never>, table: string): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from ${inOwnSchema(db, table)} order by name`.execute(db)
  return rows.map(({ name }) => name)
}
