import { retryConflicts } from './conflict.ts'
import type { Lease } from './lease.ts'

/**
 * A lease whose statements may work for another time than those of the session: milliseconds, 0 for any.
 *
 * The limit is set for one transaction, the caller's or one around a single statement. What is set for a session
 * stays in it, and a pooler may give the session to others.
 */
export function withStatementTimeout(
  lease: Lease,
  isInTransaction: () => boolean,
  statementTimeout: number,
): Lease {
  const set = `set local statement_timeout = ${statementTimeout}`

  return {
    release: lease.release,
    async query(statement, values) {
      if (isInTransaction()) return await lease.query(statement, values)
      if (isBeginning(statement)) {
        const begun = await lease.query(statement, values)
        await lease.query(set)
        return begun
      }
      return await retryConflicts(async () => {
        await lease.query(`begin; ${set}`)
        try {
          const answer = await lease.query(statement, values)
          await lease.query('commit')
          return answer
        } catch (error) {
          // After a lost connection there is nothing to undo. What cannot be undone ends with its connection.
          if (isInTransaction()) await lease.query('rollback').catch(() => {})
          throw error
        }
      })
    },
  }
}

/** What Kysely begins a transaction with. */
function isBeginning(statement: Parameters<Lease['query']>[0]): boolean {
  return typeof statement === 'string' && /^(begin|start transaction)\b/.test(statement)
}
