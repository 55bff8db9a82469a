import { sql } from 'kysely'
import type { PrunedSessions, SessionStore } from '../../core/sessions/session-store.ts'
import { deleteFirst } from './delete-first.ts'
import type { Engine } from './engine.ts'

/**
 * Deletes sessions that have ended. Each statement reads one index from its end: asked for all instants at once,
 * or in no order, a planner reads the whole table for every batch.
 */
export function createSessionPruning(engine: Engine): SessionStore['prune'] {
  const { db, inCommittedTransaction, locksRows } = engine

  return async (endedBefore, lastUsedBefore, limit) => {
    let deleted = await pruneBy('expires_at', endedBefore, limit)
    if (deleted < limit) deleted += await pruneBy('revoked_at', endedBefore, limit - deleted)
    if (deleted === limit) return { deleted, seen: deleted }
    const unused = await pruneUnused(lastUsedBefore, limit - deleted)
    return { deleted: deleted + unused.deleted, seen: deleted + unused.seen }
  }

  async function pruneBy(
    column: 'expires_at' | 'revoked_at',
    before: number,
    limit: number,
  ): Promise<number> {
    const first = db.selectFrom('sessions').where(column, '<', before).orderBy(column).limit(limit)
    return await deleteFirst(engine, 'sessions', ['id'], first)
  }

  /**
   * A refresh changes no index, so the index is by when pruning last saw a session in use. Those that were used
   * since go to where they belong in it, once in the time that a session may lie idle.
   */
  async function pruneUnused(before: number, limit: number): Promise<PrunedSessions> {
    return await inCommittedTransaction(async (transaction) => {
      const rows = await transaction
        .selectFrom('sessions')
        .select('id')
        .where('seen_at', '<', before)
        .orderBy('seen_at')
        .limit(limit)
        .$if(locksRows, (query) => query.forUpdate().skipLocked())
        .execute()
      if (rows.length === 0) return { deleted: 0, seen: 0 }
      const ids = rows.map(({ id }) => id)
      const { numDeletedRows } = await transaction
        .deleteFrom('sessions')
        .where('id', 'in', ids)
        .where('rotated_at', '<', before)
        .executeTakeFirstOrThrow()
      const deleted = Number(numDeletedRows)
      if (deleted < ids.length) {
        await transaction
          .updateTable('sessions')
          .set({ seen_at: sql.ref('rotated_at') })
          .where('id', 'in', ids)
          .execute()
      }
      return { deleted, seen: ids.length }
    })
  }
}
