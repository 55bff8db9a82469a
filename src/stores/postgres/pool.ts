import pg from 'pg'
import type { ConnectionCounts } from '../../core/statistics.ts'
import { TimeLimitError } from '../time-limit.ts'
import { createAbandoned } from './abandoned.ts'
import { retryConflicts } from './conflict.ts'
import type { Connect } from './connect.ts'
import { answersStill, unavailable, unavailableIfNotNow } from './error.ts'
import type { Deadline, Lease } from './lease.ts'
import { type LeaseTime, limitOfRequest, wholeLimit } from './lease-time.ts'
import { withStatementTimeout } from './longer-statements.ts'
import { PooledConnection } from './pooled-connection.ts'
import type { Primary } from './primary.ts'

export interface PostgresPool {
  /** @throws {UnavailableError} if there is no connection in time, for whatever reason. */
  lease(deadline: Deadline): Promise<Lease>
  /** Connections now, and who waits for one. Those that were given up count as used, until the server is done. */
  readonly counts: ConnectionCounts
  /** True if the next lease would have to wait for another one. */
  readonly isFull: boolean
  /** Ends every connection when its work is done. Safe to call again. */
  end(): Promise<void>
}

/**
 * Connections that are used again. A caller waits for a connection or an answer no longer than its
 * deadline, even if the network loses every packet. A connection that its caller has given up is
 * still made, for the next caller. One whose statement was given up keeps its place until the server is done
 * with that: so there are never more of both together than `maxConnections`.
 *
 * An answer counts only from a server that is confirmed as the primary when the answer comes.
 */
export function createPostgresPool(
  connect: Connect,
  maxConnections: number,
  connectionLimit: number,
  primary: Primary,
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

  const abandoned = createAbandoned(connect)
  const answeredAt = new WeakMap<PooledConnection, number>()
  let lostAt = Number.NEGATIVE_INFINITY
  let ended: Promise<void> | undefined

  /** A new connection, or one that has answered since one was lost: the others are lost too. */
  async function acquire(): Promise<PooledConnection> {
    for (;;) {
      const connection = (await pool.connect()) as unknown as PooledConnection
      const isNew = !answeredAt.has(connection)
      if (isNew) answeredAt.set(connection, performance.now())
      const isAlive = isNew || (answeredAt.get(connection) ?? 0) > lostAt
      if (isAlive && (await isOfPrimary(connection))) return connection
      connection.release(true)
    }
  }

  async function isOfPrimary(connection: PooledConnection): Promise<boolean> {
    try {
      if (!primary.isConfirmed()) await primary.confirm()
    } catch (error) {
      connection.release()
      throw error
    }
    return connection.timeline === primary.timeline
  }

  function leaseOf(connection: PooledConnection, time: LeaseTime): Lease {
    let lost: unknown

    const query: Lease['query'] = async (statement, values) => {
      if (lost !== undefined) throw unavailable(lost)
      let answer: Promise<pg.QueryResult> | undefined
      let result: pg.QueryResult
      try {
        result = await time.race(() => {
          answer = connection.query(statement, values)
          return answer
        })
      } catch (error) {
        if (!answersStill(error)) {
          lost = error
          primary.doubt()
          const isLate = error instanceof TimeLimitError
          if (time.isWhole || !isLate) lostAt = performance.now()
          if (isLate && answer !== undefined) abandoned.add(connection, answer)
          else connection.release(true)
        }
        throw unavailableIfNotNow(error)
      }
      if (!primary.isConfirmed()) await confirm()
      return result as pg.QueryResult<never>
    }

    async function confirm(): Promise<void> {
      try {
        await time.race(() => primary.confirm(connection.timeline))
      } catch (error) {
        throw unavailable(error)
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
        connection.release(discard || connection.isInTransaction)
      },
    }
  }

  return {
    async lease({ limit, statementTimeout }) {
      const time = statementTimeout === undefined ? limitOfRequest(limit) : wholeLimit(limit)
      const acquiring = acquire()
      const connection = await time
        .race(() => acquiring)
        .catch((error) => {
          time.end()
          // The connection may still be made after its caller has given up.
          acquiring.then((late) => late.release()).catch(() => {})
          throw unavailable(error)
        })
      const lease = leaseOf(connection, time)
      if (statementTimeout === undefined) return lease
      return withStatementTimeout(lease, () => connection.isInTransaction, statementTimeout)
    },
    get counts() {
      const { totalCount, idleCount: idle, waitingCount: waiting } = pool
      return { used: totalCount - idle, idle, waiting }
    },
    get isFull() {
      return pool.idleCount === 0 && pool.totalCount >= maxConnections
    },
    end() {
      abandoned.end()
      ended ??= pool.end()
      return ended
    },
  }
}
