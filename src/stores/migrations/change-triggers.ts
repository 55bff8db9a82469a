import { type Kysely, type RawBuilder, sql } from 'kysely'

/** The functions of the triggers, by what they tell of. */
export interface ChangeFunctions {
  /** For rows of users, and for rows of sessions. */
  readonly user: RawBuilder<unknown>
  readonly session: RawBuilder<unknown>
  /** For statements: anything may have changed. */
  readonly all: RawBuilder<unknown>
}

/**
 * Makes the triggers on what a guard decides by: users, sessions and signing keys. Triggers rather than code,
 * so that what an operator does by hand is told too.
 *
 * New users and sessions are not told of, since no process has read them yet. Neither is a change that no guard
 * sees: a refresh, a hash that a login renews, the end of a session that was revoked before.
 *
 * @param prefix What their names begin with, which are those of their table alone.
 */
export async function createChangeTriggers(
  db: Kysely<unknown>,
  prefix: string,
  { user, session, all }: ChangeFunctions,
): Promise<void> {
  const [updated, deleted, changed, truncated] = [
    ...['updated', 'deleted', 'changed', 'truncated'],
  ].map((event) => sql.id(`${prefix}_${event}`))
  for (const trigger of [
    sql`${updated} after update on ${sql.table('users')} for each row
      when (to_jsonb(old) - 'password_hash' is distinct from to_jsonb(new) - 'password_hash')
      execute function ${user}()`,
    sql`${deleted} after delete on ${sql.table('users')} for each row
      execute function ${user}()`,
    sql`${updated} after update on ${sql.table('sessions')} for each row
      when ((old.revoked_at, old.security_stamp, old.user_id)
        is distinct from (new.revoked_at, new.security_stamp, new.user_id))
      execute function ${session}()`,
    sql`${deleted} after delete on ${sql.table('sessions')} for each row
      when (old.revoked_at is null) execute function ${session}()`,
    ...['signing_keys', 'signing_key_set'].map(
      (table) => sql`${changed} after insert or update or delete on ${sql.table(table)}
        for each statement execute function ${all}()`,
    ),
    ...['users', 'sessions', 'signing_keys', 'signing_key_set'].map(
      (table) => sql`${truncated} after truncate on ${sql.table(table)}
        for each statement execute function ${all}()`,
    ),
  ]) {
    await sql`create trigger ${trigger}`.execute(db)
  }
}
