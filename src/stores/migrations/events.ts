import { type Kysely, type RawBuilder, sql } from 'kysely'
import { eventRetentionMinimum } from '../../core/events/event-store.ts'
import { isPostgres } from '../sql/engine.ts'
import { ownName } from '../sql/named-tables.ts'
import type { Step } from '../sql/step.ts'
import { ownTable } from './own-schema.ts'

const unchangeable = 'events are only appended'
const tooYoung = 'events of the last 7 days cannot be deleted'

/**
 * The events. Triggers refuse every change of an event, and its deletion before it is old. The owner
 * of the tables can remove the triggers.
 */
export const eventsStep: Step = {
  makes: [
    'events',
    'events_key',
    'events_by_user',
    'events_unchanged',
    'events_kept',
    'portcullis_refuse',
  ],
  async up(db) {
    await db.schema
      .createTable('events')
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('actor', 'text')
      .addColumn('user_id', 'text')
      .addColumn('client_id', 'text')
      .addColumn('session_id', 'text')
      .addColumn('address', 'text')
      .addColumn('request_id', 'text')
      .addColumn('reason', 'text')
      .addColumn('details', 'text')
      // For pages, for pruning, and that nothing is there twice: one index.
      .addPrimaryKeyConstraint('events_key', ['at', 'id'])
      .execute()
    await indexByUser(db)
    if (isPostgres(db)) await guardOnPostgres(db)
    else await guardOnSqlite(db)
  },
}

const events = sql.table('events')

/** For the pages of one user. */
export async function indexByUser(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('events_by_user')
    .on('events')
    .columns(['user_id', 'at', 'id'])
    .where(sql.ref('user_id'), 'is not', null)
    .execute()
}

async function guardOnSqlite(db: Kysely<unknown>): Promise<void> {
  await sql`create trigger ${ownName(db, 'events_unchanged')} before update on ${events}
    begin select raise(abort, ${sql.lit(unchangeable)}); end`.execute(db)
  await sql`create trigger ${ownName(db, 'events_kept')} before delete on ${events}
    when old.at > cast(strftime('%s', 'now') as integer) - ${sql.lit(eventRetentionMinimum)}
    begin select raise(abort, ${sql.lit(tooYoung)}); end`.execute(db)
}

async function guardOnPostgres(db: Kysely<unknown>): Promise<void> {
  const refusal = ownName(db, 'portcullis_refuse')
  await sql`create function ${refusal}() returns trigger language plpgsql as $$
    begin
      raise exception '%', tg_argv[0];
    end
  $$`.execute(db)
  await guardEvents(db, refusal)
}

/**
 * The function of the triggers of the events on PostgreSQL. It is not always in the schema of the events, which
 * may have been moved without it.
 */
export async function readRefusal(db: Kysely<never>): Promise<RawBuilder<unknown>> {
  const { rows } = await sql<{ readonly name: string }>`
    select format('%I.%I', nspname, proname) as name from pg_catalog.pg_trigger
      join pg_catalog.pg_proc on pg_proc.oid = tgfoid
      join pg_catalog.pg_namespace on pg_namespace.oid = pronamespace
    where tgrelid = ${ownTable(db, 'events')} and tgname = 'events_not_truncated'`.execute(db)
  const [found] = rows
  return found === undefined ? ownName(db, 'portcullis_refuse') : sql.raw(found.name)
}

/** Makes the triggers of the events on PostgreSQL. Names of triggers are those of their table alone. */
export async function guardEvents(
  db: Kysely<unknown>,
  refusal: RawBuilder<unknown>,
): Promise<void> {
  for (const trigger of [
    sql`events_unchanged before update on ${events} for each row
      execute function ${refusal}(${sql.lit(unchangeable)})`,
    sql`events_kept before delete on ${events} for each row
      when (old.at > extract(epoch from now()) - ${sql.lit(eventRetentionMinimum)})
      execute function ${refusal}(${sql.lit(tooYoung)})`,
    notTruncated(refusal, events),
  ]) {
    await sql`create trigger ${trigger}`.execute(db)
  }
}

/** The one of these triggers that each part of the events needs for itself, after `create trigger`. */
export function notTruncated(
  refusal: RawBuilder<unknown>,
  table: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`events_not_truncated before truncate on ${table} for each statement
    execute function ${refusal}(${sql.lit(tooYoung)})`
}
