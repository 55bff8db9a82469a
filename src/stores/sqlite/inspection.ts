import { existsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { type DatabaseInspection, inspectTables } from '../inspection.ts'
import { readMigrationState } from '../migrations/migrations.ts'
import { createKysely } from '../sql/named-tables.ts'
import type { TableNames } from '../sql/names.ts'
import type { SealingKeys } from '../sql/sealed-signs.ts'
import { openReadOnly } from './copy.ts'
import { nodeSqliteDialect } from './driver.ts'
import { explainOpening } from './error.ts'

/**
 * Looks at an SQLite file without writing to it, or making a file beside it. Null if there is none.
 *
 * @throws {StoreError} if it cannot be read.
 */
export async function inspectSqlite(
  path: string,
  names: TableNames = {},
  sealing: SealingKeys | null = null,
): Promise<DatabaseInspection | null> {
  if (!existsSync(path)) return null
  let database: DatabaseSync | undefined
  try {
    database = openReadOnly(path)
    const checked = database.prepare('pragma quick_check').all().map(textOf)
    const startedAt = performance.now()
    const version = textOf(database.prepare('select sqlite_version()').get())
    database.prepare('select count(*) from sqlite_schema').get()
    const latency = performance.now() - startedAt
    const tables = await inspectTables(createKysely(nodeSqliteDialect(database), names), sealing)
    return {
      engine: 'SQLite',
      version,
      latency,
      damages: checked.filter((line) => line !== 'ok'),
      clockOffset: null,
      maxConnections: null,
      pooler: null,
      olderPrimaries: null,
      ...tables,
    }
  } catch (error) {
    throw explainOpening(error, path)
  } finally {
    if (database?.isOpen) database.close()
  }
}

/**
 * True if a file has tables of ours, by these names. Writes nothing.
 *
 * @throws {StoreError} if it cannot be read.
 */
export async function isOurSqlite(path: string, names: TableNames = {}): Promise<boolean> {
  let database: DatabaseSync | undefined
  try {
    database = openReadOnly(path)
    const db = createKysely<never>(nodeSqliteDialect(database), names)
    return (await readMigrationState(db)).done.length > 0
  } catch (error) {
    throw explainOpening(error, path)
  } finally {
    if (database?.isOpen) database.close()
  }
}

/** The only column of a row. */
function textOf(row: object | undefined): string {
  return String(Object.values(row ?? {})[0])
}
