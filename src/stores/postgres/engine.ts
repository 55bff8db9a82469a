import { createHash } from 'node:crypto'
import {
  type IsolationLevel,
  type Kysely,
  type PostgresPool as PoolOfKysely,
  PostgresDialect,
  sql,
} from 'kysely'
import type { Engine, InTransaction, TurnName } from '../sql/engine.ts'
import { createKysely } from '../sql/named-tables.ts'
import type { TableNames } from '../sql/names.ts'
import type { Schema } from '../sql/schema.ts'
import { retryConflicts } from './conflict.ts'
import { isUniqueViolation } from './error.ts'
import type { Deadline, Lease } from './lease.ts'
import type { PostgresPool } from './pool.ts'

/** How the statements of stores are run on PostgreSQL: each one, or a transaction, is a lease of the pool. */
export function createEngine(
  pool: PostgresPool,
  names: TableNames,
  deadline: Deadline,
  scanLimit: number,
): Engine {
  const db = kyselyOn(pool, names, deadline)
  const inTransaction = transactionsOn(db)
  // A transaction that waited must see what was committed meanwhile, so it does not use the database's
  // default isolation.
  const inCommittedTransaction = transactionsOn(db, 'read committed')
  return {
    db,
    // The server ends a statement that takes too long. If it does not, the caller gets an error a second
    // later.
    scans: kyselyOn(pool, names, { limit: scanLimit + 1000, statementTimeout: scanLimit }),
    prepareRead: createPrepareRead(() => pool.lease(deadline)),
    inTransaction,
    inCommittedTransaction,
    inTurn: (name, change, key = '') =>
      inCommittedTransaction(async (transaction) => {
        await sql`select pg_advisory_xact_lock(${turnNumber(name, key)})`.execute(transaction)
        return await change(transaction)
      }),
    withoutSync: (change) => change(db),
    changeIf: (condition, changes) =>
      inTransaction(async (transaction) => {
        const { numAffectedRows = 0n } = await transaction.executeQuery(condition)
        if (numAffectedRows === 0n) return false
        for (const change of changes) await transaction.executeQuery(change)
        return true
      }),
    locksRows: true,
    isUniqueViolation,
  }
}

/**
 * Each query is parsed and planned once per connection, under its name. The name is made of its text, so that
 * another process of another version never finds another query under it.
 */
export function createPrepareRead(lease: () => Promise<Lease>): Engine['prepareRead'] {
  return ({ sql: text }) => {
    const name = `portcullis_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
    return async (...values) => {
      const leased = await lease()
      try {
        const { rows } = await leased.query({ name, text, values: [...values] })
        return rows[0]
      } finally {
        leased.release()
      }
    }
  }
}

// Advisory locks are numbers, shared by all that use the database: these begin with "port". Two installations
// in one database take turns with each other, too, for as long as a statement takes.
const turnNumbers: Readonly<Record<TurnName, number>> = {
  users: 0x706f727401,
  mails: 0x706f727403,
  keys: 0x706f727405,
  factors: 0x706f727404,
}

/** Text, since it has 64 bits with a key: two keys with one number take turns, too. */
function turnNumber(name: TurnName, key: string): string {
  if (key === '') return String(turnNumbers[name])
  return String(createHash('sha256').update(`${name} ${key}`).digest().readBigInt64BE())
}

/** Transactions that are done again after a conflict, each within one lease. */
export function transactionsOn(db: Kysely<Schema>, isolation?: IsolationLevel): InTransaction {
  return (change) =>
    db.connection().execute((lease) =>
      retryConflicts(() => {
        const begun = lease.transaction()
        return (isolation ? begun.setIsolationLevel(isolation) : begun).execute(change)
      }),
    )
}

/** Kysely on the pool: each statement, or transaction, is a lease. */
export function kyselyOn(
  pool: PostgresPool,
  names: TableNames,
  deadline: Deadline,
): Kysely<Schema> {
  const leases = {
    connect: () => pool.lease(deadline),
    // The pool is ours to end.
    end: async () => {},
    options: {},
  }
  const dialect = new PostgresDialect({ pool: leases as unknown as PoolOfKysely })
  return createKysely(dialect, names)
}
