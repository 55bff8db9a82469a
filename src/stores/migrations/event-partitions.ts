import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isPostgres } from '../sql/engine.ts'
import { namesOf, ownName } from '../sql/named-tables.ts'
import { prefixed } from '../sql/names.ts'
import type { Step } from '../sql/step.ts'
import { guardEvents, indexByUser, notTruncated, readRefusal } from './events.ts'
import { ownTable } from './own-schema.ts'
import { copyRights, giveToOwnerOf } from './owner.ts'

const events = sql.table('events')

/**
 * On PostgreSQL the events are partitioned by day, so that a whole day is deleted at once. What there is becomes
 * one partition, up to the end of tomorrow, and is not copied. The default partition takes what no other one
 * takes, so every event can be stored. The partitions of days are made while the store is used.
 */
export const eventPartitions: Step = {
  makes: ['events_before', 'events_before_key', 'events_before_by_user', 'events_default'],
  async up(db) {
    if (!isPostgres(db)) return
    const refusal = await readRefusal(db as never)
    await setAside(db)
    await makePartitioned(db, refusal)
    await takeBack(db)
  },
}

async function setAside(db: Kysely<unknown>): Promise<void> {
  // Those for each row come again, from the partitioned table.
  for (const trigger of ['events_unchanged', 'events_kept']) {
    await sql`drop trigger ${sql.id(trigger)} on ${events}`.execute(db)
  }
  const renamed = (name: string) => sql`rename to ${sql.id(prefixed(namesOf(db), name))}`
  await sql`alter table ${events} ${renamed('events_before')}`.execute(db)
  for (const part of ['key', 'by_user']) {
    const index = ownName(db, `events_${part}`)
    await sql`alter index ${index} ${renamed(`events_before_${part}`)}`.execute(db)
  }
}

async function makePartitioned(db: Kysely<unknown>, refusal: RawBuilder<unknown>): Promise<void> {
  const before = ownName(db, 'events_before')
  await sql`create table ${events} (like ${before}) partition by range (at)`.execute(db)
  await giveToOwnerOf(db as never, 'events_before', ['events'])
  await copyRights(db as never, 'events_before', 'events')
  await db.schema.alterTable('events').addPrimaryKeyConstraint('events_key', ['at', 'id']).execute()
  await indexByUser(db)
  await guardEvents(db, refusal)
  const rest = ownName(db, 'events_default')
  await sql`create table ${rest} partition of ${events} default`.execute(db)
  await sql`create trigger ${notTruncated(refusal, rest)}`.execute(db)
}

async function takeBack(db: Kysely<unknown>): Promise<void> {
  const before = ownName(db, 'events_before')
  const { rows } = await sql<{ readonly until: string; readonly used: boolean }>`
    select (extract(epoch from now())::bigint / 86400 + 2) * 86400 as until,
      exists (select from ${before}) or exists (select from pg_catalog.pg_depend
        where refclassid = 'pg_class'::regclass and refobjid = ${ownTable(db as never, 'events_before')}
          and classid = 'pg_rewrite'::regclass) as used`.execute(db)
  const [found] = rows
  // No events, and no views.
  if (!found?.used) {
    await sql`drop table ${before}`.execute(db)
    return
  }
  const until = sql.lit(Number(found.until))
  // Of a clock that was ahead. No partition of a day could be made for as long.
  await sql`with moved as (delete from ${before} where at >= ${until} returning *)
    insert into ${events} select * from moved`.execute(db)
  await sql`alter table ${events} attach partition ${before}
    for values from (minvalue) to (${until})`.execute(db)
}
