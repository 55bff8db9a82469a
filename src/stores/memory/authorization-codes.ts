import type {
  AuthorizationCodeRecord,
  AuthorizationCodeStore,
  BrowserLogin,
} from '../../core/authorization/authorization-code-store.ts'
import type { ConsentRecord } from '../../core/authorization/consent-store.ts'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import type { AddEvent } from './events.ts'
import type { MemorySessions } from './sessions.ts'

/** Authorization codes in memory. */
export interface MemoryAuthorizationCodes extends AuthorizationCodeStore {
  /** Deletes some. */
  forget(which: (code: AuthorizationCodeRecord) => boolean): void
}

/** What else is read together with a code. */
export interface ReadWithCodes {
  readonly user: (id: string) => UserRecord | null
  readonly consent: (userId: string, clientId: string) => ConsentRecord | null
  readonly keysVersion: () => number
}

export function createMemoryAuthorizationCodes(
  sessions: MemorySessions,
  addEvent: AddEvent,
  read: ReadWithCodes,
): MemoryAuthorizationCodes {
  const byDigest = new Map<string, AuthorizationCodeRecord>()

  function belongs({ userId, securityStamp }: AuthorizationCodeRecord, session: SessionRecord) {
    return session.userId === userId && session.securityStamp === securityStamp
  }

  function hasLiveSession(code: AuthorizationCodeRecord, now: number): boolean {
    const session = sessions.live(code.sessionId, now)
    return session !== null && belongs(code, session)
  }

  /** Goes on with a live session of the code's, as the code says. */
  function goOn(id: string, code: AuthorizationCodeRecord, now: number): boolean {
    const session = sessions.live(id, now)
    if (session === null || !belongs(code, session)) return false
    if (session.parentId !== code.sessionId || session.clientId !== code.clientId) return false
    const { scopes, authenticatedAt, acr, amr } = code
    sessions.change(session, { scopes, authenticatedAt, acr, amr, rotatedAt: now })
    return true
  }

  function readLogin(sessionId: string, clientId: string): BrowserLogin | null {
    const [session] = sessions.all(({ id }) => id === sessionId)
    const user = session && read.user(session.userId)
    return user ? { session, user, consent: read.consent(user.id, clientId) } : null
  }

  return {
    forget(which) {
      for (const [digest, code] of byDigest) if (which(code)) byDigest.delete(digest)
    },
    async create(code) {
      if (!hasLiveSession(code, code.createdAt)) return false
      byDigest.set(code.digest, Object.freeze({ ...code }))
      return true
    },
    find: async (digest) => byDigest.get(digest) ?? null,
    findLogin: async (sessionId, clientId) => readLogin(sessionId, clientId),
    async findToExchange(digest) {
      const code = byDigest.get(digest)
      if (code === undefined) return null
      const { sessionId, clientId, userId } = code
      const siblings = sessions.all(
        (each) =>
          each.parentId === sessionId && each.clientId === clientId && each.revokedAt === null,
      )
      return {
        ...{ code, login: readLogin(sessionId, clientId), siblings: siblings.length },
        userSessions: sessions.all((each) => each.userId === userId).length,
        keysVersion: read.keysVersion(),
      }
    },
    async exchange({ digest, now, session }, event) {
      const code = byDigest.get(digest)
      if (code === undefined || code.usedAt !== null || code.expiresAt <= now) return false
      if (!hasLiveSession(code, now)) return false
      const isThere =
        typeof session === 'string' ? goOn(session, code, now) : sessions.insert(session)
      if (!isThere) return false
      const openedSessionId = typeof session === 'string' ? session : session.id
      byDigest.set(digest, Object.freeze({ ...code, usedAt: now, openedSessionId }))
      addEvent(event)
      return true
    },
    async prune(expiredBefore, limit) {
      const old = [...byDigest.values()].filter(({ expiresAt }) => expiresAt < expiredBefore)
      for (const { digest } of old.slice(0, limit)) byDigest.delete(digest)
      return Math.min(old.length, limit)
    },
  }
}
