import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { CompiledQuery } from 'kysely'
import { isUnwritable } from './error.ts'

/**
 * Whether a database can be written, as far as is known: not since a write has failed for a reason
 * that all writes share, such as a full disk, and until one succeeds.
 */
export interface Writes {
  /** Runs a statement that may write. */
  run<T>(statement: () => T): T
  /** Waits until what was committed is on the disk. */
  settle(): Promise<void>
  /** Tries a write if the last one failed. Rejects if it cannot be done still. */
  check(tryOne: () => Promise<unknown>): Promise<void>
}

export function createWrites(flush: () => Promise<void> = async () => {}): Writes {
  let failed = false
  return {
    async settle() {
      try {
        await flush()
      } catch (error) {
        failed = true
        throw error
      }
    },
    run(statement) {
      try {
        return statement()
      } catch (error) {
        failed ||= isUnwritable(error)
        throw error
      }
    },
    async check(tryOne) {
      if (!failed) return
      // Not each time: a health check needs no login, and a write costs much more than a read.
      await tryOne()
      failed = false
    },
  }
}

/**
 * Runs statements in one transaction, without a pause: the others only if the first changes a row.
 * False, and nothing changed, if it does not.
 */
export function runTogether(
  database: Pick<DatabaseSync, 'isTransaction'>,
  prepare: (sql: string) => StatementSync,
  condition: CompiledQuery,
  changes: readonly CompiledQuery[],
): boolean {
  const run = ({ sql, parameters }: CompiledQuery): number | bigint =>
    prepare(sql).run(...(parameters as SQLInputValue[])).changes

  // Prepared, because errors of Deno's `exec` lack SQLite's code, which says that the file is busy.
  prepare('begin immediate').run()
  try {
    const holds = Number(run(condition)) > 0
    if (holds) for (const change of changes) run(change)
    prepare(holds ? 'commit' : 'rollback').run()
    return holds
  } catch (error) {
    if (database.isTransaction) prepare('rollback').run()
    throw error
  }
}
