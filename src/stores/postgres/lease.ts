import type pg from 'pg'

/** How long a piece of work may wait for the database, from asking for a connection to its end. */
export interface Deadline {
  /** Milliseconds. A request has them once, for all its pieces of work. */
  readonly limit: number
  /**
   * Milliseconds that the server may work on a statement, 0 for any; else those of the session. Work of which
   * this is said has its own limit, and takes nothing of its request's.
   */
  readonly statementTimeout?: number
}

/** A connection for one statement or one transaction. */
export interface Lease {
  /** @throws {UnavailableError} if the answer does not come in time, or the connection is lost. */
  query(
    statement: string | pg.QueryConfig,
    values?: readonly unknown[],
  ): Promise<pg.QueryResult<never>>
  /** Gives the connection back, or ends it. */
  release(discard?: boolean): void
}
