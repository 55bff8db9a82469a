import type { Kysely } from 'kysely'
import type { ClientRecord } from '../core/clients/client-store.ts'
import { systemClock } from '../core/clock.ts'
import type { SigningKeyRecord } from '../core/keys/key-store.ts'
import { samplePasswords } from '../core/passwords/sample-passwords.ts'
import { type MigrationState, readMigrationState } from './migrations/migrations.ts'
import { readClients } from './sql/clients.ts'
import { type MailSigns, readMailSigns } from './sql/mail-signs.ts'
import { readPepperIds } from './sql/pepper-index.ts'
import type { Schema } from './sql/schema.ts'
import type { SealedSigns, SealingKeys } from './sql/sealed-signs.ts'
import { readSigningKeys } from './sql/signing-keys.ts'
import { countByRole } from './sql/user-rows.ts'

/** A database, looked at without changing anything. */
export interface DatabaseInspection {
  readonly engine: 'SQLite' | 'PostgreSQL'
  readonly version: string
  /** Milliseconds that a small read takes, the connection made. */
  readonly latency: number
  /** What the engine's own check of the file found; empty if all is well, or there is no such check. */
  readonly damages: readonly string[]
  /** Seconds that the server's clock is ahead of ours; null for a database in this process. */
  readonly clockOffset: number | null
  /** Connections that the server has for everybody; null without a server. */
  readonly maxConnections: number | null
  /** The pooler in between, such as PgBouncer, and whether statements end in time behind it; null without one. */
  readonly pooler: { readonly limitsStatements: boolean } | null
  /** The hosts of the URL that were left behind by a promotion and go on; null where the hosts are not watched. */
  readonly olderPrimaries: readonly string[] | null
  readonly steps: MigrationState
  /** Null if the tables are not those of this version. */
  readonly contents: DatabaseContents | null
}

/** What is in a database. */
export interface DatabaseContents {
  readonly users: number
  readonly activeByRole: Readonly<Record<string, number>>
  readonly keys: readonly SigningKeyRecord[]
  /** The registered clients. */
  readonly clients: readonly ClientRecord[]
  /** Of the peppers that password hashes are under. */
  readonly pepperIds: readonly string[]
  /** Users that examples of the documents may have created: those with their names, and the first user. */
  readonly likelySamples: readonly LikelySample[]
  /** Mails that wait, and those that were given up in the last day. */
  readonly mails: MailSigns
  /** What is sealed under which key; null if no key was given to look with. */
  readonly sealed: SealedSigns | null
}

/** A user who may have a password that documents print. */
export interface LikelySample {
  readonly username: string
  readonly passwordHash: string
}

/** Seconds. */
const aDay = 24 * 60 * 60

/** Of the first users, so many are looked at. */
const firstUsers = 5

/** The parts that are the same for both engines. */
export async function inspectTables(
  db: Kysely<Schema>,
  sealing: SealingKeys | null,
): Promise<Pick<DatabaseInspection, 'steps' | 'contents'>> {
  const steps = await readMigrationState(db as never)
  const isToday = steps.pending.length === 0 && steps.unknown.length === 0
  return { steps, contents: isToday ? await readContents(db, sealing) : null }
}

async function readContents(
  db: Kysely<Schema>,
  sealing: SealingKeys | null,
): Promise<DatabaseContents> {
  const rows = await countByRole(db)
  return {
    users: rows.reduce((sum, row) => sum + row.users, 0),
    activeByRole: Object.fromEntries(rows.map((row) => [row.role, row.active])),
    keys: (await readSigningKeys(db)).keys,
    clients: await readClients(db),
    pepperIds: await readPepperIds(db),
    likelySamples: await readLikelySamples(db),
    mails: await readMailSigns(db, systemClock() - aDay),
    // Loaded by those alone who ask for it.
    sealed: sealing && (await (await import('./sql/sealed-signs.ts')).readSealedSigns(db, sealing)),
  }
}

async function readLikelySamples(db: Kysely<Schema>): Promise<readonly LikelySample[]> {
  const users = db.selectFrom('users').select(['username', 'password_hash'])
  const named = await users.where('username', 'in', Object.keys(samplePasswords)).execute()
  // Ids are in the order of time.
  const first = await users.orderBy('id').limit(firstUsers).execute()
  const byName = new Map([...named, ...first].map((row) => [row.username, row.password_hash]))
  return [...byName].flatMap(([username, passwordHash]) =>
    passwordHash === null ? [] : [{ username, passwordHash }],
  )
}
