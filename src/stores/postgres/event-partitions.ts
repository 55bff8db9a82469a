import { type Kysely, sql } from 'kysely'
import { UnavailableError } from '../../core/errors.ts'
import { type EventStore, eventRetentionMinimum } from '../../core/events/event-store.ts'
import { notTruncated, readRefusal } from '../migrations/events.ts'
import { ownTable } from '../migrations/own-schema.ts'
import { giveToOwnerOf } from '../migrations/owner.ts'
import type { Engine } from '../sql/engine.ts'
import { createEventStore } from '../sql/events.ts'
import { ownName } from '../sql/named-tables.ts'
import type { Schema } from '../sql/schema.ts'

/** Events that are partitioned by day. */
export interface PartitionedEvents extends EventStore {
  /** Makes the partitions of today and of the next days, if they are not there. */
  prepare(): Promise<void>
}

const day = 86_400
/** Days that have a partition before they come. */
const daysAhead = 3
/** Milliseconds that a change of the partitions waits for reads of the events, and writes wait for it. */
const lockTimeout = 1000
/** The number of the advisory lock under which partitions change; it begins with "port". */
const changing = 0x706f727410

/** A part of the events. It takes those from an instant on, and before another. Null: there is no bound. */
interface Partition {
  readonly name: string
  readonly from: number | null
  readonly to: number | null
  /** As PostgreSQL estimates it. */
  readonly rows: number
}

export function createPartitionedEvents(engine: Engine): PartitionedEvents {
  const { db, scans } = engine

  async function makeMissing(found: Found): Promise<void> {
    if (missingDays(found).length === 0) return
    await change(async (transaction) => {
      for (const from of missingDays(await read(transaction))) await makeDay(transaction, from)
    })
  }

  /** Runs statements unless another process changes partitions now, which does the same, or the next call does. */
  async function change(statements: (db: Kysely<Schema>) => Promise<unknown>): Promise<void> {
    await scans
      .transaction()
      .setIsolationLevel('read committed')
      .execute(async (transaction) => {
        await sql`set local lock_timeout = ${sql.lit(lockTimeout)}`.execute(transaction)
        const { rows } = await sql<{ readonly free: boolean }>`
          select pg_try_advisory_xact_lock(${changing}) as free`.execute(transaction)
        if (rows[0]?.free) await statements(transaction)
      })
  }

  /** Deletes a partition with all that is in it; returns about how many that was. */
  async function drop({ name, rows }: Partition): Promise<number> {
    let dropped = 0
    await change(async (transaction) => {
      const { rows: there } = await sql`select where to_regclass(${name}) is not null`.execute(
        transaction,
      )
      if (there.length === 0) return
      await sql`drop table ${sql.raw(name)}`.execute(transaction)
      dropped = rows
    })
    return dropped
  }

  return {
    ...createEventStore(engine),
    prepare: async () => await makeMissing(await read(db)),
    async prune(before, limit) {
      const found = await read(db)
      // A clock of ours that is far ahead deletes nothing young.
      const dropBefore = Math.min(before, found.now - eventRetentionMinimum)
      let pruned = 0
      const failures: unknown[] = []
      /** What fails keeps nothing else from being done, which may take several calls. */
      async function attempt(work: Promise<number>): Promise<void> {
        pruned += await work.catch((error) => {
          // Such as a lock that others hold, which the rest would wait for, too.
          if (error instanceof UnavailableError) throw error
          failures.push(error)
          return 0
        })
      }
      await attempt(makeMissing(found).then(() => 0))
      for (const partition of found.partitions) {
        const { from, to } = partition
        if (to !== null && to <= dropBefore) await attempt(drop(partition))
        else if (from === null && pruned < limit) {
          await attempt(deleteFirst(db, partition, before, limit - pruned))
        }
      }
      if (pruned < limit && failures.length > 0) throw failures[0]
      return pruned
    },
  }
}

interface Found {
  /** Seconds since 1970, by the clock of the database. */
  readonly now: number
  readonly partitions: readonly Partition[]
}

async function read(db: Kysely<Schema>): Promise<Found> {
  const { rows } = await sql<{
    readonly name: string
    readonly bound: string
    readonly rows: string
    readonly now: string
  }>`select format('%I.%I', nspname, part.relname) as name,
      pg_get_expr(part.relpartbound, part.oid) as bound,
      greatest(part.reltuples, 0)::bigint as rows, extract(epoch from now())::bigint as now
    from pg_catalog.pg_inherits
      join pg_catalog.pg_class part on part.oid = inhrelid
      -- An operator may have moved it.
      join pg_catalog.pg_namespace place on place.oid = part.relnamespace
    where inhparent = ${ownTable(db as never, 'events')}
      -- Null: it has just been dropped.
      and pg_get_expr(part.relpartbound, part.oid) is not null
    order by part.relname`.execute(db)
  const partitions = rows.map(({ name, bound, rows }) => ({
    name,
    from: boundOf(/FROM \('(\d+)'\)/, bound),
    to: boundOf(/TO \('(\d+)'\)/, bound),
    rows: Number(rows),
  }))
  return { now: Number(rows[0]?.now), partitions }
}

function boundOf(pattern: RegExp, bound: string): number | null {
  const [, digits] = pattern.exec(bound) ?? []
  return digits === undefined ? null : Number(digits)
}

/** The beginnings of today and the next days that no partition but the default one takes. */
function missingDays({ now, partitions }: Found): readonly number[] {
  const today = now - (now % day)
  const days = Array.from({ length: daysAhead + 1 }, (_, number) => today + number * day)
  return days.filter(
    (begin) =>
      !partitions.some(
        ({ from, to }) => to !== null && to > begin && (from === null || from < begin + day),
      ),
  )
}

/** Events of a day that are in the default partition stay there, with all others of the day. */
async function makeDay(db: Kysely<Schema>, from: number): Promise<void> {
  const to = from + day
  const rest = ownName(db, 'events_default')
  const { rows } = await sql`
    select 1 from ${rest} where at >= ${from} and at < ${to} limit 1`.execute(db)
  if (rows.length > 0) return
  const events = sql.table('events')
  const date = new Date(from * 1000).toISOString().slice(0, 10)
  const plain = `events_${date.replaceAll('-', '_')}`
  const name = ownName(db, plain)
  const refusal = await readRefusal(db as never)
  // A partition that is attached needs a weaker lock than one that is made as such.
  await sql`create table ${name} (like ${events})`.execute(db)
  await giveToOwnerOf(db as never, 'events', [plain])
  await sql`alter table ${events} attach partition ${name}
    for values from (${sql.lit(from)}) to (${sql.lit(to)});
    create trigger ${notTruncated(refusal, name)}`.execute(db)
}

/** Deletes the oldest rows of a partition that takes more than a day. */
async function deleteFirst(
  db: Kysely<Schema>,
  { name }: Partition,
  before: number,
  limit: number,
): Promise<number> {
  const table = sql.raw(name)
  const { numAffectedRows } = await sql`with found as materialized
      (select at, id from ${table} where at < ${before} order by at limit ${limit} for update skip locked)
    delete from ${table} where (at, id) in (select at, id from found)`.execute(db)
  return Number(numAffectedRows)
}
