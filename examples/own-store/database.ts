// The application's database, which the store shares.

import { DatabaseSync } from 'node:sqlite'
import { drizzle } from 'drizzle-orm/node-sqlite'
import { UnavailableError } from 'portcullis/stores'
import { migrate } from './migrate.ts'

/** https://www.sqlite.org/rescode.html */
const busy = 5

/** Opens the database and brings its tables up to date. */
export function openDatabase(path: string) {
  const client = new DatabaseSync(path, { timeout: 2000 })
  // What was answered survives a power failure.
  client.exec('pragma journal_mode = wal; pragma synchronous = full')
  migrate(client)
  return drizzle({ client })
}

export type Database = ReturnType<typeof openDatabase>
export type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

/**
 * Runs a change in one transaction. It takes the lock for writing at once, so nothing that the change
 * reads is out of date when it writes, whatever other processes do.
 */
export function inTransaction<T>(db: Database, change: Parameters<typeof db.transaction<T>>[0]): T {
  return answer(() => db.transaction(change, { behavior: 'immediate' }))
}

/** Runs a statement. If another process keeps the lock for too long, the caller may try again. */
export function answer<T>(statement: () => T): T {
  try {
    return statement()
  } catch (error) {
    if (!isBusy(error)) throw error
    throw new UnavailableError('The database is busy', 2, { cause: error })
  }
}

function isBusy(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // Drizzle wraps the error of the driver.
  return ('errcode' in error && Number(error.errcode) % 256 === busy) || isBusy(error.cause)
}
