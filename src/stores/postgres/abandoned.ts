import { setTimeout } from 'node:timers/promises'
import { within } from '../time-limit.ts'
import type { Connect } from './connect.ts'
import type { PooledConnection } from './pooled-connection.ts'

/** Milliseconds before the first look at what the server does, and before each other one. */
const firstPause = 100
const pause = 1000
/** Milliseconds that a pooler may have kept a statement before a server got it. */
const queued = 5000

/** Connections whose callers have given up, while their server may still be at work for them. */
export interface Abandoned {
  /** Keeps a connection out of use until its statement has come to an end. Then it is ended itself. */
  add(connection: PooledConnection, answer: Promise<unknown>): void
  /** Ends all of them. */
  end(): void
}

/**
 * A server goes on with a statement after its caller has cut the connection: for as long as it waits for
 * a lock or, at the end of a write, for its standbys. So a cut connection would leave a process of the server
 * behind, and the next caller would open another one, until the server takes no more.
 *
 * A connection that is silent because the network has lost it would be kept for ever. So the server is
 * asked, over a connection of its own, which of them it is still at work for. Where none can be opened, none
 * of them is let go: another could not be opened in its place either.
 *
 * Behind a pooler it is not known which process of the server is at work for whom. So there a connection is kept
 * while the server is at work on any statement of the same user and database that may be as old.
 */
export function createAbandoned(connect: Connect): Abandoned {
  /** With the instants, by `performance.now()`, of being given up. */
  const kept = new Map<PooledConnection, number>()
  let isLooking = false
  let isEnded = false

  function letGo(connection: PooledConnection): void {
    if (kept.delete(connection)) connection.release(true)
  }

  async function look(): Promise<void> {
    isLooking = true
    for (let wait = firstPause; kept.size > 0; wait = pause) {
      await setTimeout(wait, undefined, { ref: false })
      const asked = [...kept.keys()]
      const busy = await readBusy(connect, kept).catch(() => null)
      for (const connection of asked) {
        if (busy?.(connection) === false) letGo(connection)
      }
    }
    isLooking = false
  }

  return {
    add(connection, answer) {
      kept.set(connection, performance.now())
      const done = () => letGo(connection)
      answer.then(done, done)
      if (isEnded) done()
      else if (!isLooking) void look()
    },
    end() {
      isEnded = true
      for (const connection of kept.keys()) letGo(connection)
    },
  }
}

/** Tells whether the server is at work for one of some connections. Another server knows none of them. */
async function readBusy(
  connect: Connect,
  connections: ReadonlyMap<PooledConnection, number>,
): Promise<(connection: PooledConnection) => boolean> {
  const pids = [...connections.keys()].map(({ processId }) => processId)
  const connection = await connect()
  try {
    const askedAt = performance.now()
    const { rows } = await within(
      pause,
      connection.client.query<{ pid: number; age: number }>(busyQuery, [pids]),
    )
    const busy = new Set(rows.map(({ pid }) => pid))
    const oldest = askedAt - Math.max(...rows.map(({ age }) => age)) - queued
    return (asked) =>
      asked.processId === null ? oldest <= (connections.get(asked) ?? 0) : busy.has(asked.processId)
  } finally {
    connection.end().catch(() => {})
  }
}

const busyQuery = `select pid,
    (extract(epoch from clock_timestamp() - query_start) * 1000)::float8 as age
  from pg_stat_activity
  where state = 'active' and pid <> pg_backend_pid()
    and (pid = any($1::int[]) or (usename = current_user and datname = current_database()))`
