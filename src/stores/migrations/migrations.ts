import { type Kysely, sql } from 'kysely'
import { ConfigError } from '../../core/errors.ts'
import { isPostgres } from '../sql/engine.ts'
import { StoreError } from '../store-error.ts'
import { readSteps, recordStep, requireStepTable } from './migration-table.ts'
import { requireSchema } from './own-schema.ts'
import { giveToOwnerOf } from './owner.ts'
import { steps } from './steps.ts'
import { readTakenNames, takenMessage } from './taken-names.ts'

/** The number of the advisory lock under which tables are made; it begins with "port". */
const migrating = 0x706f727402

/** Steps by name: made already, to be made, and made by a newer version. */
export interface MigrationState {
  readonly done: readonly string[]
  readonly pending: readonly string[]
  readonly unknown: readonly string[]
  /** Why those to be made cannot be, in one sentence: their names are taken. Null if they can be. */
  readonly obstacle: string | null
}

/**
 * Brings the tables up to date in one transaction: all steps are made, or none. On SQLite the transaction is
 * the caller's.
 *
 * @throws {StoreError} `newer_version` if a newer Portcullis has used this database, {ConfigError} if
 * something that is not ours has a name that is needed.
 */
export async function migrate(db: Kysely<never>): Promise<void> {
  if (!isPostgres(db)) return await makeSteps(db)
  // A process that waited for the lock must see the tables that were made meanwhile, so it does not use
  // the database's default isolation.
  await db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${migrating})`.execute(transaction)
      await makeSteps(transaction)
    })
}

async function makeSteps(db: Kysely<never>): Promise<void> {
  const { pending, unknown, obstacle } = await readMigrationState(db)
  if (unknown.length > 0) {
    throw new StoreError(
      'newer_version',
      `The database was made by a newer version of Portcullis (it knows the step ${unknown.join(', ')}): install that version, or restore a backup from before the upgrade.`,
    )
  }
  if (obstacle !== null) throw new ConfigError([obstacle])
  if (pending.length === 0) return
  await requireSchema(db)
  await requireStepTable(db, isOurs)
  for (const name of pending) {
    await steps[name]?.up(db)
    await recordStep(db, name)
  }
  if (isPostgres(db)) await giveToOwnerOf(db, 'users', pending.flatMap(namesMadeBy))
}

/** Reads which steps a database has behind it, and whether the others can be made. */
export async function readMigrationState(db: Kysely<never>): Promise<MigrationState> {
  const known = Object.keys(steps).sort()
  const done = await readSteps(db, isOurs)
  const pending = known.filter((name) => !done.includes(name))
  const taken = await readTakenNames(db, pending.flatMap(namesMadeBy))
  return {
    done,
    pending,
    unknown: done.filter((name) => !known.includes(name)),
    obstacle: taken.length > 0 ? takenMessage(db, taken) : null,
  }
}

function namesMadeBy(step: string): readonly string[] {
  return steps[step]?.makes ?? []
}

function isOurs(step: string): boolean {
  return Object.hasOwn(steps, step)
}
