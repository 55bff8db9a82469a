import { type SelectQueryBuilder, sql } from 'kysely'
import type { Engine } from './engine.ts'
import type { Schema } from './schema.ts'

/**
 * Deletes the rows that a query with a limit comes to first, and says how many. Those that another transaction is
 * changing are left for the next time.
 *
 * @param key The columns by which a row is found again.
 */
export async function deleteFirst<Table extends keyof Schema>(
  { db, locksRows }: Pick<Engine, 'db' | 'locksRows'>,
  table: Table,
  key: readonly (keyof Schema[Table] & string)[],
  rows: SelectQueryBuilder<Schema, Table, object>,
): Promise<number> {
  const columns = sql.join(key.map((column) => sql.ref(column)))
  const first = (locksRows ? rows.forUpdate().skipLocked() : rows).select(key as never)
  // Read once: a planner may run a subquery for each row, and would delete more than the limit.
  const found = sql`with found as materialized ${first}`
  const isFound = sql`(${columns}) in (select ${columns} from found)`
  const deletion = sql`${found} delete from ${sql.table(table)} where ${isFound}`
  return Number((await deletion.execute(db)).numAffectedRows)
}
