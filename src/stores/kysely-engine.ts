import type { CompiledQuery, Kysely, Transaction } from 'kysely'
import type { MaybePromise } from '../core/store.ts'
import type { Schema } from './schema.ts'

/** What transactions take turns for. */
export type TurnName = 'users' | 'signing_keys'

/** What differs between engines. */
export interface Engine {
  readonly db: Kysely<Schema>
  /**
   * Prepares a query that runs on every guarded request: compiled once by Kysely, run by the engine
   * without it. Takes the query's parameters in the order of its text, and returns the first row.
   */
  prepareRead<Row>(
    query: CompiledQuery<Row>,
  ): (...parameters: readonly string[]) => MaybePromise<Row | undefined>
  /**
   * Makes transactions that ask for the same name run one after the other, until they end. Where a
   * condition on other rows decides a change, PostgreSQL needs it: each of two statements at once
   * would see the rows as they were. SQLite's writers take turns anyway.
   */
  takeTurns(transaction: Transaction<Schema>, name: TurnName): Promise<void>
  /** True if the error says that a unique column has the value already. */
  isUniqueViolation(error: unknown): boolean
}

/** Maps a value that is there already without waiting for it: SQLite answers at once. */
export function mapAnswer<T, R>(value: MaybePromise<T>, change: (value: T) => R): MaybePromise<R> {
  return value instanceof Promise ? value.then(change) : change(value)
}
