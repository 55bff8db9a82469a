import type { DatabaseSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import type { Engine } from '../sql/engine.ts'
import type { Schema } from '../sql/schema.ts'
import { keepPrepared, untilFree } from './driver.ts'
import { answer, isUniqueViolation } from './error.ts'
import { runTogether, type Writes } from './writes.ts'

/** How the statements of stores are run on an SQLite file: one connection writes, the other one reads. */
export function createSqliteEngine(
  { db, loose }: { readonly db: Kysely<Schema>; readonly loose: Kysely<Schema> },
  writer: DatabaseSync,
  reader: DatabaseSync,
  writes: Writes,
): Engine {
  /** For the few that are given together. */
  const prepare = keepPrepared((sql) => writer.prepare(sql))

  return {
    db,
    scans: db,
    prepareRead(query) {
      const statement = reader.prepare(query.sql)
      return (...parameters) => answer(() => statement.get(...parameters)) as never
    },
    inTransaction: (change) => db.transaction().execute(change),
    inCommittedTransaction: (change) => db.transaction().execute(change),
    inTurn: (_name, change) => change(db),
    withoutSync: (change) => change(loose),
    async changeIf(condition, changes) {
      // While Kysely has lent the connection out, no other code writes on it. The transaction has no
      // pause, so other processes find the database locked only while it works.
      return await db.connection().execute(async () => {
        // As every other statement, it is tried again: none of it has been done while it is refused.
        return await untilFree(() =>
          writes.run(() => answer(() => runTogether(writer, prepare, condition, changes))),
        )
      })
    },
    locksRows: false,
    isUniqueViolation,
  }
}
