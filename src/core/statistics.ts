// What parts of the library count about themselves: plain numbers since the start of the process. The
// application reads them when it likes. Counting costs one addition, so it is always on.

/** How often a cache had the answer. */
export interface CacheCounts {
  /** Times that the answer was in memory. */
  readonly hits: number
  /** Times that it had to be found out. */
  readonly misses: number
}

/** Connections to the database, and who waits for one. */
export interface ConnectionCounts {
  /** Connections in use. */
  readonly used: number
  /** Open connections that nobody uses. */
  readonly idle: number
  /** Requests that wait for a connection. */
  readonly waiting: number
}

/** What a store can tell of itself. */
export interface StoreStatistics {
  /** Where there are several. */
  readonly connections?: ConnectionCounts
  /** The answers to guarded requests that were, and were not, in the memory of this process. */
  readonly subjects: SubjectCounts
}

/** The same of the answers to guarded requests. */
export interface SubjectCounts extends CacheCounts {
  /** Users that are in memory now. */
  readonly users: number
}

/** How attempts to authenticate have ended. */
export interface AttemptCounts {
  /** Those with the right credentials. */
  readonly succeeded: number
  /** Those with wrong credentials. */
  readonly failed: number
  /** Those that had to wait before another attempt: nothing was looked at. */
  readonly throttled: number
  /** Those that could not be looked at: too many at once, or no database. */
  readonly unavailable: number
}
