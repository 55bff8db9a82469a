import {
  type AliasedRawBuilder,
  type InsertObject,
  type InsertQueryBuilder,
  type InsertResult,
  type Kysely,
  sql,
} from 'kysely'
import { isPostgres } from './engine.ts'
import type { Schema } from './schema.ts'

/**
 * A row for the FROM of a statement of PostgreSQL, alone in its transaction: that is done without waiting for the
 * disk or a standby, as far as those who see it are concerned. The setting ends with the transaction.
 */
export const unsynced: AliasedRawBuilder<unknown, 'unsynced'> =
  sql`set_config('synchronous_commit', 'off', true)`.as<'unsynced'>(sql`unsynced`)

/** The insert of a row that need not survive a power failure. On SQLite `withoutSync` sees to it. */
export function insertUnsynced<Table extends keyof Schema & string>(
  db: Kysely<Schema>,
  table: Table,
  row: InsertObject<Schema, Table>,
): InsertQueryBuilder<Schema, Table, InsertResult> {
  const insert = db.insertInto(table)
  if (!isPostgres(db)) return insert.values(row)
  const columns = Object.keys(row)
  return insert
    .columns(columns as never)
    .expression(
      db
        .selectFrom(unsynced)
        .select((eb) =>
          columns.map((column) => eb.val(Reflect.get(row, column)).as(column)),
        ) as never,
    )
}
