import { type Kysely, sql } from 'kysely'
import type pg from 'pg'
import { changeLog } from '../migrations/change-log.ts'
import { ownName } from '../sql/named-tables.ts'
import type { TableNames } from '../sql/names.ts'
import { quotedName } from './installation.ts'

/** From this many changes at once on, everything is forgotten, which costs less. */
const mostAtOnce = 1000
/** Milliseconds that a change is kept at least, so that processes which ask for news seldom still find it. */
const leastAge = 60_000
/** Changes that are deleted by one statement. */
const deletedAtOnce = 10_000

/** Reads the log of changes over one connection, and says messages in the same statement. */
export interface LogReader {
  /**
   * Says messages, and tells what has been committed since the last call. What was before the first one is
   * not told.
   *
   * @returns The process of the server that has answered.
   */
  exchange(messages: readonly string[]): Promise<number>
}

/**
 * A snapshot names the transactions that had committed when it was taken. So the rows of those that are in
 * this snapshot and not in the last one are exactly what was committed in between, in whatever order the
 * transactions began. `xid >= xmax` are those that began later, `xip` those that were not done.
 *
 * @param change Called with a user's id, or `*` if anything may have changed.
 */
export function createLogReader(
  client: pg.Client,
  names: TableNames,
  channel: string,
  change: (what: string) => void,
): LogReader {
  const log = quotedName(names, changeLog)
  const text = `select pg_backend_pid() as pid, pg_current_snapshot() as snapshot,
    array(select user_id from (
      select user_id, deleted_to from ${log} where xid >= pg_snapshot_xmax($1)
      union all
      select user_id, deleted_to from ${log} where xid = any (array(select pg_snapshot_xip($1)))
    ) as news where deleted_to is null or deleted_to >= pg_snapshot_xmin($1)
    limit ${mostAtOnce}) as changes,
    (select count(pg_notify($2, said)) from unnest($3::text[]) as said),
    set_config('synchronous_commit', 'off', true)`
  let snapshot: string | null = null

  return {
    async exchange(messages) {
      const { rows } = await client.query<Answer>({
        // What is said does not wait for the disk or a standby.
        name: 'portcullis_exchange',
        text,
        values: [snapshot, channel, inBatches(messages)],
      })
      const [answer] = rows
      if (answer === undefined) throw new Error('no answer')
      snapshot = answer.snapshot
      if (answer.changes.length === mostAtOnce) change('*')
      else for (const what of answer.changes) change(what)
      return answer.pid
    },
  }
}

interface Answer {
  readonly pid: number
  readonly snapshot: string
  readonly changes: readonly string[]
}

/** Messages that are sent as one; PostgreSQL takes 8000 bytes at once. */
const maxBatch = 100

function inBatches(messages: readonly string[]): readonly string[] {
  const batches = []
  for (let first = 0; first < messages.length; first += maxBatch) {
    batches.push(messages.slice(first, first + maxBatch).join('\n'))
  }
  return batches
}

/**
 * Returns what deletes old changes, at most once a minute: those that had been committed when it last did.
 * A process that has not read them is told by the row that a deletion writes. Never rejects.
 *
 * @param keptFor Milliseconds. Default a minute.
 */
export function createLogPruning(
  db: Kysely<never>,
  keptFor: number = leastAge,
): () => Promise<void> {
  let known: { snapshot: string | null; at: number } = { snapshot: null, at: -Infinity }
  let isPruning = false
  const log = ownName(db, changeLog)

  /** Deletes some, and returns how many, with the snapshot of the statement. */
  async function deleteSome(): Promise<{ deleted: number; snapshot: string }> {
    // A database that was copied row by row has changes of transactions that are yet to come.
    const { rows } = await sql<{ deleted: number; snapshot: string }>`
      with found as materialized (
        select ctid from ${log} where xid < pg_snapshot_xmin(${known.snapshot})
          or xid >= pg_snapshot_xmax(pg_current_snapshot())
        limit ${sql.lit(deletedAtOnce)} for update skip locked
      ), gone as (delete from ${log} where ctid = any (array(select ctid from found)) returning 1)
      select pg_current_snapshot() as snapshot, (select count(*)::int from gone) as deleted`.execute(
      db,
    )
    return rows[0] ?? { deleted: 0, snapshot: '' }
  }

  return async () => {
    if (isPruning || performance.now() - known.at < keptFor) return
    isPruning = true
    // Also after a failure, the next one comes a minute later.
    const at = performance.now()
    let { snapshot } = known
    try {
      let some: Awaited<ReturnType<typeof deleteSome>>
      do some = await deleteSome()
      while (some.deleted === deletedAtOnce)
      snapshot = some.snapshot
    } catch {
      // What is left is deleted then.
    } finally {
      known = { snapshot, at }
      isPruning = false
    }
  }
}
