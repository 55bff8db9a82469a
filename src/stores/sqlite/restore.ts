import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../core/clock.ts'
import type { Actor } from '../../core/events/events.ts'
import { revokeAll } from '../../core/sessions/revoke-all.ts'
import { migrate, readMigrationState } from '../migrations/migrations.ts'
import { createKysely } from '../sql/named-tables.ts'
import type { TableNames } from '../sql/names.ts'
import { StoreError } from '../store-error.ts'
import { copyDatabase, openReadOnly, syncDirectory } from './copy.ts'
import { nodeSqliteDialect } from './driver.ts'
import { explainOpening, isBusy } from './error.ts'
import { foreignObjects } from './schema-comparison.ts'
import { type SqliteOptions, sqlite } from './sqlite.ts'

/**
 * Replaces a database that no process uses with a copy of a backup. Ends all sessions and tokens in the
 * copy (`revokeAll`), so that everything that was revoked since the backup stays revoked.
 *
 * Returns the new name of the earlier database, or null if there was none. Until the last step the
 * earlier database is untouched.
 *
 * @throws {StoreError} if the file is no backup, has triggers, views or tables that are not ours, or the
 * database is in use.
 */
export async function restoreSqlite(
  backupPath: string,
  path: string,
  clock: Clock,
  by?: Actor,
  options: SqliteOptions = {},
): Promise<string | null> {
  if (!existsSync(backupPath)) throw noBackup(`There is no file ${backupPath}`)
  if (!statSync(backupPath).isFile()) throw noBackup(`${backupPath} is no file`)
  const draft = `${path}.${randomBytes(8).toString('hex')}`
  try {
    await copyDatabase(backupPath, draft)
    await requireOurs(draft, backupPath, options)
    await requireOurSchema(draft, backupPath, options)
    const store = sqlite(draft, options)
    await store.open()
    try {
      await revokeAll(store, clock, by)
    } finally {
      await store.close()
    }
    const former = existsSync(path) ? setAside(path, clock()) : null
    if (former !== null) giveToOwnerOf(former, draft)
    renameSync(draft, path)
    syncDirectory(path)
    return former
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${draft}${suffix}`, { force: true })
  }
}

/** Any file is a database to SQLite that is empty, and it would be filled with empty tables. */
async function requireOurs(draft: string, named: string, names: TableNames): Promise<void> {
  const database = openReadOnly(draft)
  try {
    const db = createKysely<never>(nodeSqliteDialect(database), names)
    if ((await readMigrationState(db)).done.length > 0) return
  } catch (error) {
    throw explainOpening(error, named)
  } finally {
    database.close()
  }
  throw noBackup(`${named} is not a backup of Portcullis`)
}

/**
 * Brings the tables up to date, and refuses a file with anything in it that we have not made: a trigger or
 * a view would go on acting in the restored database.
 */
async function requireOurSchema(draft: string, named: string, names: TableNames): Promise<void> {
  const database = new DatabaseSync(draft)
  try {
    await migrate(createKysely(nodeSqliteDialect(database), names))
    const foreign = await foreignObjects(database, names)
    if (foreign.length === 0) return
    const some = foreign.slice(0, 3).map((name) => JSON.stringify(name))
    throw noBackup(`${named} has objects that Portcullis does not make (${some.join(', ')})`)
  } finally {
    database.close()
  }
}

function noBackup(what: string): StoreError {
  return new StoreError('corrupt', `${what}: name a file that was made by \`portcullis backup\`.`)
}

/** Gives a database a second name, which it keeps when the first becomes another's. */
function setAside(path: string, now: number): string {
  const instant = new Date(now * 1000).toISOString().replace(/[-:]|\.000/g, '')
  const former = `${path}.before-${instant}-${randomBytes(2).toString('hex')}`
  settle(path)
  linkSync(path, former)
  // Of a database that is damaged there may be a log still, which must not be taken for the new one's.
  for (const suffix of ['-wal', '-shm']) {
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${former}${suffix}`)
  }
  return former
}

/** Writes the log into its database and removes it, which SQLite refuses while another uses it. */
function settle(path: string): void {
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path)
    database.exec('pragma journal_mode = delete')
  } catch (error) {
    // One that is damaged is the reason why there is a restore.
    if (isBusy(error)) throw explainOpening(error, path)
  } finally {
    if (database?.isOpen) database.close()
  }
}

/** Root may restore what another user serves from. */
function giveToOwnerOf(former: string, path: string): void {
  const { uid, gid } = statSync(former)
  if (process.getuid?.() === 0) chownSync(path, uid, gid)
}
