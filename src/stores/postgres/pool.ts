import pg from 'pg'
import { timeOfRequest } from '../../core/database-time.ts'
import type { ConnectionCounts } from '../../core/statistics.ts'
import { TimeLimit, TimeLimitError } from '../time-limit.ts'
import { retryConflicts } from './conflict.ts'
import type { Connect } from './connect.ts'
import { answersStill, unavailable, unavailableIfNotNow } from './error.ts'
import { PooledConnection } from './pooled-connection.ts'

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

/** The time that a lease has. */
interface Waiting extends Pick<TimeLimit, 'race' | 'end'> {
  /** False if other leases of the request had a part of it: then its end says nothing of the connection. */
  readonly isWhole: boolean
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

export interface PostgresPool {
  /** @throws {UnavailableError} if there is no connection in time, for whatever reason. */
  lease(deadline: Deadline): Promise<Lease>
  /** Connections now, and who waits for one. */
  readonly counts: ConnectionCounts
  /** Ends every connection when its work is done. Safe to call again. */
  end(): Promise<void>
}

/**
 * Connections that are used again. A caller waits for a connection or an answer no longer than its
 * deadline, even if the network loses every packet. A connection that its caller has given up is
 * still made, for the next caller.
 */
export function createPostgresPool(
  connect: Connect,
  maxConnections: number,
  connectionLimit: number,
): PostgresPool {
  const pool = new pg.Pool({
    max: maxConnections,
    // Bounds the queue. Making a connection has its own limit, which is not to be cut short here.
    connectionTimeoutMillis: connectionLimit + 1000,
    Client: function pooled() {
      return new PooledConnection(connect)
    } as unknown as new () => pg.ClientBase,
  })
  // An idle connection that breaks is replaced at the next use.
  pool.on('error', () => {})

  const answeredAt = new WeakMap<PooledConnection, number>()
  let lostAt = Number.NEGATIVE_INFINITY
  let ended: Promise<void> | undefined

  /** A new connection, or one that has answered since one was lost: the others are lost too. */
  async function acquire(): Promise<PooledConnection> {
    for (;;) {
      const connection = (await pool.connect()) as unknown as PooledConnection
      const isNew = !answeredAt.has(connection)
      if (isNew) answeredAt.set(connection, performance.now())
      if (isNew || (answeredAt.get(connection) ?? 0) > lostAt) return connection
      connection.release(true)
    }
  }

  function leaseOf(connection: PooledConnection, time: Waiting, changed: boolean): Lease {
    let lost: unknown

    const query: Lease['query'] = async (statement, values) => {
      if (lost !== undefined) throw unavailable(lost)
      try {
        return (await time.race(() => connection.query(statement, values))) as pg.QueryResult<never>
      } catch (error) {
        if (!answersStill(error)) {
          lost = error
          if (time.isWhole || !(error instanceof TimeLimitError)) lostAt = performance.now()
          connection.release(true)
        }
        throw unavailableIfNotNow(error)
      }
    }

    return {
      // A conflict undoes the whole transaction, and only the code that began it can repeat it.
      query: (statement, values) =>
        connection.isInTransaction
          ? query(statement, values)
          : retryConflicts(() => query(statement, values)),
      release(discard = false) {
        time.end()
        if (lost !== undefined) return
        answeredAt.set(connection, performance.now())
        // Settings that were changed end with it.
        connection.release(discard || changed)
      },
    }
  }

  return {
    async lease({ limit, statementTimeout }) {
      const changed = statementTimeout !== undefined
      const time = changed ? wholeLimit(limit) : limitOfRequest(limit)
      const acquiring = acquire()
      const connection = await time
        .race(() => acquiring)
        .catch((error) => {
          time.end()
          // The connection may still be made after its caller has given up.
          acquiring.then((late) => late.release()).catch(() => {})
          throw unavailable(error)
        })
      const lease = leaseOf(connection, time, changed)
      if (changed) {
        await lease.query(`set statement_timeout = ${statementTimeout}`).catch((error) => {
          lease.release(true)
          throw error
        })
      }
      return lease
    },
    get counts() {
      const { totalCount, idleCount: idle, waitingCount: waiting } = pool
      return { used: totalCount - idle, idle, waiting }
    },
    end() {
      ended ??= pool.end()
      return ended
    },
  }
}

function wholeLimit(limit: number): Waiting {
  const time = new TimeLimit(limit)
  return { isWhole: true, race: (start) => time.race(start), end: () => time.end() }
}

/**
 * What is left of a limit that a request has for all that it asks of the database.
 *
 * @throws {UnavailableError} if nothing is left: then nothing is asked.
 */
function limitOfRequest(limit: number): Waiting {
  const spending = timeOfRequest()
  if (spending === undefined) return wholeLimit(limit)
  const { spent } = spending
  if (spent >= limit) throw unavailable(new TimeLimitError('the request has no time left'))
  const { race, end } = wholeLimit(limit - spent)
  const stop = spending.begin()
  return {
    isWhole: spent === 0,
    race,
    end() {
      end()
      stop()
    },
  }
}
