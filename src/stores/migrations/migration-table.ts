import { type Kysely, sql } from 'kysely'
import { isPostgres } from '../sql/engine.ts'

/**
 * Where it is kept which steps a database has behind it. Not under Kysely's own names, which another
 * application in the same database may use.
 */
export const migrationTable = {
  migrationTableName: 'portcullis_migration',
  migrationLockTableName: 'portcullis_migration_lock',
} as const

const formerTable = {
  migrationTableName: 'kysely_migration',
  migrationLockTableName: 'kysely_migration_lock',
} as const

/** The number of the advisory lock under which tables are renamed; it begins with "port". */
const renaming = 0x706f727402

type StepTables = Record<'portcullis_migration' | 'kysely_migration', { name: string }>

/** The schema that unqualified names are looked up in first; undefined for an engine without them. */
export async function currentSchema(db: Kysely<never>): Promise<string | undefined> {
  if (!isPostgres(db)) return undefined
  const { rows } = await sql<{ name: string | null }>`select current_schema() as name`.execute(db)
  return rows[0]?.name ?? undefined
}

/** Reads the names of the steps that a database has behind it, also before its tables are renamed. */
export async function readSteps(
  db: Kysely<never>,
  isOurs: (step: string) => boolean,
): Promise<readonly string[]> {
  const { migrationTableName: table } = migrationTable
  if (await hasTable(db, table)) return await stepsIn(db, table)
  const { migrationTableName: former } = formerTable
  const steps = (await hasTable(db, former)) ? await stepsIn(db, former) : []
  return steps.every(isOurs) ? steps : []
}

/** Renames the tables of a database that was made under Kysely's names, if the steps are ours. */
export async function renameFormerTables(
  db: Kysely<never>,
  isOurs: (step: string) => boolean,
): Promise<void> {
  // On SQLite nobody else is there: a transaction is around all of this.
  if (!isPostgres(db)) return await renameOurs(db, isOurs)
  if (!(await hasTable(db, formerTable.migrationTableName))) return
  await db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${renaming})`.execute(transaction)
    // All is looked at under the lock: another process may be renaming what was seen before.
    await renameOurs(transaction, isOurs)
  })
}

async function renameOurs(db: Kysely<never>, isOurs: (step: string) => boolean): Promise<void> {
  const { migrationTableName: former } = formerTable
  if (!(await hasTable(db, former)) || (await hasTable(db, migrationTable.migrationTableName))) {
    return
  }
  const steps = await stepsIn(db, former)
  if (steps.length > 0 && steps.every(isOurs)) await rename(db)
}

async function rename(db: Kysely<never>): Promise<void> {
  for (const name of ['migrationTableName', 'migrationLockTableName'] as const) {
    await db.schema.alterTable(formerTable[name]).renameTo(migrationTable[name]).execute()
  }
}

/** Not by Kysely's introspection, which fails if another process renames a table while it looks at all. */
async function hasTable(db: Kysely<never>, name: string): Promise<boolean> {
  const tables = isPostgres(db)
    ? sql`pg_catalog.pg_tables where schemaname = current_schema() and tablename = ${name}`
    : sql`sqlite_schema where type = 'table' and name = ${name}`
  const { rows } = await sql`select 1 from ${tables}`.execute(db)
  return rows.length > 0
}

async function stepsIn(db: Kysely<never>, table: keyof StepTables): Promise<readonly string[]> {
  const rows = await (db as unknown as Kysely<StepTables>)
    .selectFrom(table)
    .select('name')
    .orderBy('name')
    .execute()
  return rows.map(({ name }) => name)
}
