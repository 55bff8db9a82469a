import { type CompiledQuery, type Kysely, PostgresAdapter } from 'kysely'
import type { MaybePromise } from '../../core/maybe-promise.ts'
import type { Schema } from './schema.ts'

/** What statements take turns for. */
export type TurnName = 'users' | 'mails' | 'keys' | 'factors'

/** Runs statements in one transaction. */
export type InTransaction = <T>(change: (transaction: Kysely<Schema>) => Promise<T>) => Promise<T>

/** What differs between engines. */
export interface Engine {
  readonly db: Kysely<Schema>
  /** The same for statements that read a whole table, which may take longer than a request waits. */
  readonly scans: Kysely<Schema>
  /**
   * Prepares a query that runs on every guarded request: compiled once by Kysely, run by the engine
   * without it. Takes the query's parameters in the order of its text, and returns the first row.
   */
  prepareRead<Row>(
    query: CompiledQuery<Row>,
  ): (...parameters: readonly string[]) => MaybePromise<Row | undefined>
  /**
   * Runs statements in one transaction: from the first one again if PostgreSQL has undone them because
   * another transaction was in their way, so they must have no effect but on the database.
   */
  readonly inTransaction: InTransaction
  /**
   * The same, each statement of which sees what was committed before it: for one that waits for the lock of
   * another transaction, and for the next one, which must find what that transaction has written.
   */
  readonly inCommittedTransaction: InTransaction
  /**
   * The same for one statement whose condition is about other rows, so that no other such statement of the
   * same name runs at the same time. PostgreSQL needs it: each of two at once would see the rows as
   * they were. SQLite's writers take turns anyway. With a key, only those of the same key take turns.
   */
  inTurn<T>(
    name: TurnName,
    change: (connection: Kysely<Schema>) => Promise<T>,
    key?: string,
  ): Promise<T>
  /** Runs statements whose effect need not survive a power failure, without waiting for the disk. */
  withoutSync<T>(change: (connection: Kysely<Schema>) => Promise<T>): Promise<T>
  /**
   * Runs statements in one transaction, the others only if the first changes a row. False, and
   * nothing changed, if it does not.
   */
  changeIf(condition: CompiledQuery, changes: readonly CompiledQuery[]): Promise<boolean>
  /** True if several connections write at once, each with its locks on rows. SQLite has one writer. */
  readonly locksRows: boolean
  /** True if the error says that a unique column has the value already. */
  isUniqueViolation(error: unknown): boolean
}

/** True if the statements of this database are to be PostgreSQL's; false: SQLite's. */
export function isPostgres(db: Pick<Kysely<never>, 'getExecutor'>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter
}
