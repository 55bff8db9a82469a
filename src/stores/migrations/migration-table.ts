import { type Kysely, sql } from 'kysely'
import { isPostgres } from '../sql/engine.ts'

/**
 * Where it is kept which steps a database has behind it. Not under the name that Kysely gives such a table,
 * which another application in the same database may use.
 */
const stepTable = 'portcullis_migration'

/** What the first version had, which used Kysely's names. */
const formerTable = 'kysely_migration'

/** Says whether the first version or this one made a step of this name. */
type IsOurs = (step: string) => boolean

/** Reads the names of the steps that a database has behind it, also before its table is renamed. */
export async function readSteps(db: Kysely<never>, isOurs: IsOurs): Promise<readonly string[]> {
  if (await hasTable(db, stepTable)) return await stepsIn(db, stepTable)
  const former = (await hasTable(db, formerTable)) ? await stepsIn(db, formerTable) : []
  return former.every(isOurs) ? former : []
}

/** Makes the table of the steps, or renames that of a first version, if its steps are ours. */
export async function requireStepTable(db: Kysely<never>, isOurs: IsOurs): Promise<void> {
  if (await hasTable(db, stepTable)) return
  const former = (await hasTable(db, formerTable)) ? await stepsIn(db, formerTable) : []
  if (former.length > 0 && former.every(isOurs)) return await renameFormer(db)
  await db.schema
    .createTable(stepTable)
    .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
    .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
    .execute()
}

/** Remembers that a step was made. */
export async function recordStep(db: Kysely<never>, name: string): Promise<void> {
  const now = new Date().toISOString()
  await sql`insert into ${sql.table(stepTable)} values (${name}, ${now})`.execute(db)
}

async function renameFormer(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable(formerTable).renameTo(stepTable).execute()
  await db.schema.dropTable('kysely_migration_lock').ifExists().execute()
}

async function hasTable(db: Kysely<never>, name: string): Promise<boolean> {
  const tables = isPostgres(db)
    ? sql`pg_catalog.pg_tables where schemaname = current_schema() and tablename = ${name}`
    : sql`sqlite_schema where type = 'table' and name = ${name}`
  const { rows } = await sql`select 1 from ${tables}`.execute(db)
  return rows.length > 0
}

async function stepsIn(db: Kysely<never>, table: string): Promise<readonly string[]> {
  const { rows } = await sql<{
    name: string
  }>`select name from ${sql.table(table)} order by name`.execute(db)
  return rows.map(({ name }) => name)
}
