import { DatabaseSync } from 'node:sqlite'
import { migrate } from '../migrations/migrations.ts'
import { createKysely } from '../sql/named-tables.ts'
import { prefixed, type TableNames } from '../sql/names.ts'
import { nodeSqliteDialect } from './driver.ts'

/**
 * Returns what a database has in addition to the tables of this version, or in another form: a foreign
 * trigger would act on every later change. Returns names alone, such as `trigger promote`.
 *
 * A prefix says that the file is shared. Then tables without it are left out, with their indexes, since they
 * do nothing by themselves.
 */
export async function foreignObjects(
  database: DatabaseSync,
  names: TableNames,
): Promise<readonly string[]> {
  const own = await readOwnObjects(names)
  const found = readObjects(database)
  const changed = [...found].filter(
    ([name, object]) => own.get(name)?.definition !== object.definition && !isApart(object, names),
  )
  const missing = [...own.keys()].filter((name) => !found.has(name))
  return [...changed.map(([name]) => name), ...missing]
}

interface DatabaseObject {
  readonly type: string
  readonly table: string
  readonly definition: string
}

/** True of a plain table, or an index of one, in the part of a shared file that is not ours. */
function isApart({ type, table, definition }: DatabaseObject, names: TableNames): boolean {
  const prefix = prefixed(names, '')
  const isPlain = type === 'index' || (type === 'table' && !/: create virtual/i.test(definition))
  return isPlain && prefix !== '' && !table.toLowerCase().startsWith(prefix)
}

/** What an empty database gets. */
async function readOwnObjects(names: TableNames): Promise<ReadonlyMap<string, DatabaseObject>> {
  const database = new DatabaseSync(':memory:')
  try {
    await migrate(createKysely(nodeSqliteDialect(database), names))
    return readObjects(database)
  } finally {
    database.close()
  }
}

function readObjects(database: DatabaseSync): ReadonlyMap<string, DatabaseObject> {
  const rows = database
    .prepare('select type, name, tbl_name, sql from sqlite_schema')
    .all() as unknown as readonly Readonly<Record<'type' | 'name' | 'tbl_name' | 'sql', string>>[]
  return new Map(
    rows
      // Statistics that `analyze` makes: tables. A trigger with such a name is foreign.
      .filter(({ type, name }) => type !== 'table' || !/^sqlite_stat[1-4]$/.test(name))
      .map(({ type, name, tbl_name: table, sql }) => [
        `${type} ${name}`,
        { type, table, definition: `${table}: ${normalise(sql ?? '')}` },
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
