import { sql } from 'kysely'
import { isPostgres } from '../sql/engine.ts'
import { ownName } from '../sql/named-tables.ts'
import type { Step } from '../sql/step.ts'

/** Percent of a page that new sessions fill. The rest is for their next versions. */
const fillFactor = 80

/**
 * A refresh changes nothing that an index knows. PostgreSQL then writes the new version of a row beside the old
 * one, and no index. No row is changed by this step: pruning sees to those of before.
 */
export const unusedSessions: Step = {
  makes: ['sessions_by_seen_at'],
  async up(db) {
    await db.schema
      .alterTable('sessions')
      .addColumn('seen_at', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema.createIndex('sessions_by_seen_at').on('sessions').column('seen_at').execute()
    await sql`drop index ${ownName(db, 'sessions_by_rotated_at')}`.execute(db)
    if (!isPostgres(db)) return
    await sql`alter table ${sql.table('sessions')} set (fillfactor = ${sql.lit(fillFactor)})`.execute(
      db,
    )
  },
}
