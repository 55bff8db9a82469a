import type {
  LogoutNoticeRecord,
  LogoutNoticeStore,
} from '../../core/authorization/logout-notice-store.ts'
import type { SessionRecord } from '../../core/sessions/session-store.ts'

/** Log-outs that clients are to be told of, in memory. */
export interface MemoryLogoutNotices extends LogoutNoticeStore {
  /** Stores a notice for each of these sessions that is one of these clients', and was opened by browser. */
  note(ended: readonly SessionRecord[], clientIds: readonly string[], now: number): void
}

export function createMemoryLogoutNotices(): MemoryLogoutNotices {
  const bySession = new Map<string, LogoutNoticeRecord>()

  function change(
    notice: LogoutNoticeRecord,
    changes: Partial<LogoutNoticeRecord>,
  ): LogoutNoticeRecord {
    const changed = Object.freeze({ ...notice, ...changes })
    bySession.set(notice.sessionId, changed)
    return changed
  }

  return {
    note(ended, clientIds, now) {
      for (const { id: sessionId, clientId, userId, parentId } of ended) {
        const isTold = parentId !== null && clientIds.includes(clientId)
        if (!isTold || bySession.has(sessionId)) continue
        const times = { createdAt: now, dueAt: now, attempts: 0, claimedUntil: null }
        change({ sessionId, clientId, userId, ...times }, {})
      }
    },
    async claim({ now, until, limit, without = [] }) {
      return [...bySession.values()]
        .filter(({ dueAt, claimedUntil }) => dueAt <= now && (claimedUntil ?? now) <= now)
        .filter(({ clientId }) => !without.includes(clientId))
        .sort((one, other) => one.dueAt - other.dueAt)
        .slice(0, limit)
        .map((notice) => change(notice, { attempts: notice.attempts + 1, claimedUntil: until }))
    },
    async settle(sessionId, attempts, dueAt) {
      const notice = bySession.get(sessionId)
      if (notice?.attempts !== attempts) return false
      if (dueAt === null) bySession.delete(sessionId)
      else change(notice, { dueAt, claimedUntil: null })
      return true
    },
  }
}
