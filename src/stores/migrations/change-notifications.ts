import { type Kysely, type RawBuilder, sql } from 'kysely'
import { isPostgres } from '../sql/engine.ts'
import { ownName } from '../sql/named-tables.ts'
import type { Step } from '../sql/step.ts'
import { createChangeTriggers } from './change-triggers.ts'

/** On which builds hear of changes that do not read the log of changes: a user's id, or `*`. */
const changesChannel = 'portcullis'

export const notifyingFunctions = [
  'portcullis_user_changed',
  'portcullis_session_changed',
  'portcullis_all_changed',
] as const

/** Triggers that notify processes of a change. A later step puts a log in their place. */
export const changeNotifications: Step = {
  makes: notifyingFunctions,
  async up(db) {
    // With SQLite, every request reads the database.
    if (!isPostgres(db)) return
    const [user, session, all] = notifyingFunctions
    await createChangeTriggers(db, 'portcullis', {
      user: await createFunction(db, user, sql`old.id`),
      session: await createFunction(db, session, sql`old.user_id`),
      all: await createFunction(db, all, sql.lit('*')),
    })
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
