import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { migrate } from '../migrations/migrations.ts'
import { nodeSqliteDialect } from './driver.ts'

/**
 * Returns what a database has that the tables of this version have not, or have otherwise: a trigger of
 * somebody else's would act with every change that is made later. Names alone, such as `trigger promote`.
 */
export async function foreignObjects(database: DatabaseSync): Promise<readonly string[]> {
  const own = await readOwnObjects()
  const found = readObjects(database)
  const changed = [...found].filter(([name, definition]) => own.get(name) !== definition)
  const missing = [...own.keys()].filter((name) => !found.has(name))
  return [...changed.map(([name]) => name), ...missing]
}

/** The definitions that an empty database gets. */
async function readOwnObjects(): Promise<ReadonlyMap<string, string>> {
  const database = new DatabaseSync(':memory:')
  try {
    await migrate(new Kysely({ dialect: nodeSqliteDialect(database) }))
    return readObjects(database)
  } finally {
    database.close()
  }
}

function readObjects(database: DatabaseSync): ReadonlyMap<string, string> {
  const rows = database
    .prepare('select type, name, tbl_name, sql from sqlite_schema')
    .all() as unknown as readonly Readonly<Record<'type' | 'name' | 'tbl_name' | 'sql', string>>[]
  return new Map(
    rows
      // Statistics that `analyze` makes: tables. A trigger of such a name is somebody's.
      .filter(({ type, name }) => type !== 'table' || !/^sqlite_stat[1-4]$/.test(name))
      .map(({ type, name, tbl_name: table, sql }) => [
        `${type} ${name}`,
        `${table}: ${normalise(sql ?? '')}`,
      ]),
  )
}

/** Without quotes, which a table gets that was renamed, and with one space where there may be any. */
function normalise(sql: string): string {
  return sql
    .replace(/["`]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([(),]) ?/g, '$1')
}
