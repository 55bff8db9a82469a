import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { isPostgres } from '../sql/engine.ts'

/** What changed in the tables: a user's id, or `*`. Sent by triggers. */
export const changesChannel = 'portcullis'

/**
 * Triggers that tell every process which user has changed, or that anything may have, `*`. Triggers
 * rather than code, so that what an operator does by hand is told too. PostgreSQL tells the same thing
 * once per transaction.
 *
 * Not told are new users and sessions, since nothing is known of them yet, and what does not concern a
 * guard: a refresh, a hash that a login renews, the end of a session that was revoked before. Telling
 * has a price: PostgreSQL lets one transaction that notifies commit after the other.
 */
export const changeNotifications: Migration = {
  async up(db) {
    // SQLite is asked anew for every request.
    if (!isPostgres(db)) return

    await createFunction(db, 'portcullis_user_changed', sql`old.id`)
    await createFunction(db, 'portcullis_session_changed', sql`old.user_id`)
    await createFunction(db, 'portcullis_all_changed', sql.lit('*'))
    for (const trigger of [
      sql`portcullis_updated after update on users for each row
        when (to_jsonb(old) - 'password_hash' is distinct from to_jsonb(new) - 'password_hash')
        execute function portcullis_user_changed()`,
      sql`portcullis_deleted after delete on users for each row
        execute function portcullis_user_changed()`,
      sql`portcullis_updated after update on sessions for each row
        when ((old.revoked_at, old.security_stamp, old.user_id)
          is distinct from (new.revoked_at, new.security_stamp, new.user_id))
        execute function portcullis_session_changed()`,
      sql`portcullis_deleted after delete on sessions for each row
        when (old.revoked_at is null) execute function portcullis_session_changed()`,
      ...['signing_keys', 'signing_key_set'].map(
        (table) => sql`portcullis_changed after insert or update or delete on ${sql.table(table)}
          for each statement execute function portcullis_all_changed()`,
      ),
      ...['users', 'sessions', 'signing_keys', 'signing_key_set'].map(
        (table) => sql`portcullis_truncated after truncate on ${sql.table(table)}
          for each statement execute function portcullis_all_changed()`,
      ),
    ]) {
      await sql`create trigger ${trigger}`.execute(db)
    }
  },
}

async function createFunction(
  db: Kysely<unknown>,
  name: string,
  what: ReturnType<typeof sql>,
): Promise<void> {
  await sql`create function ${sql.id(name)}() returns trigger language plpgsql as $$
    begin
      perform pg_notify(${sql.lit(changesChannel)}, ${what});
      return null;
    end
  $$`.execute(db)
}
