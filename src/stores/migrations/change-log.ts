import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isPostgres } from '../sql/engine.ts'
import { namesOf, ownName } from '../sql/named-tables.ts'
import { prefixed } from '../sql/names.ts'
import type { Step } from '../sql/step.ts'
import { notifyingFunctions } from './change-notifications.ts'
import { createChangeTriggers } from './change-triggers.ts'

/** Which users have changed, in which transaction; `*` for all. */
export const changeLog = 'portcullis_changes'

/**
 * A table that triggers write every change to which a guard sees, and that every process reads. In its place
 * the triggers once notified processes: PostgreSQL commits transactions that notify one after the other, and
 * each holds the lock until its commit is on the disk and at the standby.
 *
 * The table is not logged: it costs no WAL, and is empty after a crash and on a new primary. Then every
 * connection is lost, and no process uses what it knew.
 *
 * A reader must notice that rows are gone which it has not read. So a deletion tells up to which transaction,
 * and a truncation tells that anything may have changed.
 */
export const changeLogStep: Step = {
  makes: [
    changeLog,
    'portcullis_changes_by_xid',
    'portcullis_log_user',
    'portcullis_log_session',
    'portcullis_log_all',
    'portcullis_log_deletion',
  ],
  async up(db) {
    if (!isPostgres(db)) return
    const log = ownName(db, changeLog)
    await sql`create unlogged table ${log} (
      xid xid8 not null default pg_current_xact_id(),
      user_id text not null,
      deleted_to xid8
    )`.execute(db)
    await sql`create index ${sql.id(prefixed(namesOf(db), 'portcullis_changes_by_xid'))}
      on ${log} (xid)`.execute(db)

    const all = await createFunction(db, 'portcullis_log_all', '(user_id) values ($1)', sql`'*'`)
    await createChangeTriggers(db, 'portcullis_log', {
      user: await createFunction(db, 'portcullis_log_user', '(user_id) values ($1)', sql`old.id`),
      session: await createFunction(
        db,
        'portcullis_log_session',
        '(user_id) values ($1)',
        sql`old.user_id`,
      ),
      all,
    })
    await guardDeletion(db, log, all)
    if (await isNew(db)) await endNotifications(db)
  },
}

async function guardDeletion(
  db: Kysely<unknown>,
  log: RawBuilder<unknown>,
  all: RawBuilder<unknown>,
): Promise<void> {
  const deletion = await createFunction(
    db,
    'portcullis_log_deletion',
    `(user_id, deleted_to) select '*', $1 where $1 is not null`,
    sql`(select xid from gone order by xid desc limit 1)`,
  )
  await sql`create trigger portcullis_log_deleted after delete on ${log}
    referencing old table as gone for each statement execute function ${deletion}()`.execute(db)
  await sql`create trigger portcullis_log_truncated after truncate on ${log}
    for each statement execute function ${all}()`.execute(db)
}

/**
 * Makes a function that writes to the log, and returns its name. It finds the log in the schema of the table
 * that has changed, so both can be moved. It writes with the rights of who made it: who may change a user need
 * have none on the log. Nobody else may make triggers of it, which would write to tables of theirs.
 */
async function createFunction(
  db: Kysely<unknown>,
  name: string,
  insertion: string,
  value: RawBuilder<unknown>,
): Promise<RawBuilder<unknown>> {
  const own = ownName(db, name)
  const table = sql.lit(prefixed(namesOf(db), changeLog))
  await sql`create function ${own}() returns trigger language plpgsql
    security definer set search_path = pg_catalog, pg_temp as $$
    begin
      execute format(${sql.lit(`insert into %I.%I ${insertion}`)}, tg_table_schema, ${table})
        using ${value};
      return null;
    end
  $$`.execute(db)
  await sql`revoke all on function ${own}() from public`.execute(db)
  return own
}

/** Whether the triggers that notify were made by the same migration: then no process relies on them. */
async function isNew(db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_catalog.pg_proc
    where xmin = pg_current_xact_id()::xid and proname = ${prefixed(namesOf(db), notifyingFunctions[0])}`.execute(
    db,
  )
  return rows.length > 0
}

async function endNotifications(db: Kysely<unknown>): Promise<void> {
  const functions = notifyingFunctions.map((name) => ownName(db, name))
  await sql`drop function ${sql.join(functions)} cascade`.execute(db)
}
