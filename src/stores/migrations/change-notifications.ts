import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isPostgres } from '../sql/engine.ts'
import { ownName } from '../sql/named-tables.ts'
import type { Step } from '../sql/step.ts'

/**
 * What changed in the tables: a user's id, or `*`. Sent by triggers. It is one channel for every installation in
 * a database: what another one's triggers tell is about users who are unknown here, or costs a read. A name
 * with the schema or the prefix in it would be another than that of the triggers when tables are renamed, and
 * then nothing would be heard.
 */
export const changesChannel = 'portcullis'

/**
 * Triggers that tell every process which user has changed, or that anything may have, `*`. Triggers
 * rather than code, so that what an operator does by hand is told too. PostgreSQL tells the same thing
 * once per transaction.
 *
 * New users and sessions are not announced, since no process has read them yet. Neither is a change
 * that no guard sees: a refresh, a hash that a login renews, the end of a session that was revoked
 * before. A notification has a price: PostgreSQL commits transactions that notify one after the other.
 */
export const changeNotifications: Step = {
  makes: ['portcullis_user_changed', 'portcullis_session_changed', 'portcullis_all_changed'],
  async up(db) {
    // With SQLite, every request reads the database.
    if (!isPostgres(db)) return

    const userChanged = await createFunction(db, 'portcullis_user_changed', sql`old.id`)
    const sessionChanged = await createFunction(db, 'portcullis_session_changed', sql`old.user_id`)
    const allChanged = await createFunction(db, 'portcullis_all_changed', sql.lit('*'))
    // Names of triggers are those of their table alone.
    for (const trigger of [
      sql`portcullis_updated after update on ${sql.table('users')} for each row
        when (to_jsonb(old) - 'password_hash' is distinct from to_jsonb(new) - 'password_hash')
        execute function ${userChanged}()`,
      sql`portcullis_deleted after delete on ${sql.table('users')} for each row
        execute function ${userChanged}()`,
      sql`portcullis_updated after update on ${sql.table('sessions')} for each row
        when ((old.revoked_at, old.security_stamp, old.user_id)
          is distinct from (new.revoked_at, new.security_stamp, new.user_id))
        execute function ${sessionChanged}()`,
      sql`portcullis_deleted after delete on ${sql.table('sessions')} for each row
        when (old.revoked_at is null) execute function ${sessionChanged}()`,
      ...['signing_keys', 'signing_key_set'].map(
        (table) => sql`portcullis_changed after insert or update or delete on ${sql.table(table)}
          for each statement execute function ${allChanged}()`,
      ),
      ...['users', 'sessions', 'signing_keys', 'signing_key_set'].map(
        (table) => sql`portcullis_truncated after truncate on ${sql.table(table)}
          for each statement execute function ${allChanged}()`,
      ),
    ]) {
      await sql`create trigger ${trigger}`.execute(db)
    }
  },
}

/** Makes a function that tells of a change, and returns its name. */
async function createFunction(
  db: Kysely<unknown>,
  name: string,
  what: RawBuilder<unknown>,
): Promise<RawBuilder<unknown>> {
  const own = ownName(db, name)
  await sql`create function ${own}() returns trigger language plpgsql as $$
    begin
      perform pg_notify(${sql.lit(changesChannel)}, ${what});
      return null;
    end
  $$`.execute(db)
  return own
}
