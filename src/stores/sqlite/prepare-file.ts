import { closeSync, openSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { migrate } from '../migrations/migrations.ts'
import { createKysely } from '../sql/named-tables.ts'
import type { TableNames } from '../sql/names.ts'
import { nodeSqliteDialect } from './driver.ts'
import { isBusy, readOnly } from './error.ts'

/** Makes the file if it is not there. */
export function prepareFile(path: string): void {
  // A file that its owner made read-only is not to be written, though root could.
  const { mode } = statSync(path, { throwIfNoEntry: false }) ?? { mode: 0o600 }
  if ((mode & 0o222) === 0) throw readOnly(path)
  // SQLite would make the file readable by everybody that the umask lets in.
  closeSync(openSync(path, 'a', 0o600))
}

/** Two processes that start at once collide here, and SQLite does not wait by itself. */
export function useWriteAheadLog(database: DatabaseSync): void {
  for (let attempt = 1; ; attempt++) {
    try {
      database.prepare('pragma journal_mode = wal').get()
      return
    } catch (error) {
      if (!isBusy(error) || attempt === 20) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    }
  }
}

/** One transaction around all steps: of two processes the second finds the tables made. */
export async function migrateAlone(database: DatabaseSync, names: TableNames): Promise<void> {
  database.prepare('begin immediate').run()
  try {
    await migrate(createKysely(nodeSqliteDialect(database), names))
    database.exec('commit')
  } catch (error) {
    if (database.isTransaction) database.exec('rollback')
    throw error
  }
}
