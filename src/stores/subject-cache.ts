import { LRUCache } from 'lru-cache'
import type { MaybePromise } from '../core/maybe-promise.ts'
import { mapAnswer } from '../core/maybe-promise.ts'
import type { Subject } from '../core/sessions/session-store.ts'
import type { CacheCounts } from '../core/statistics.ts'
import type { Store } from '../core/store.ts'

/** Users whose answers are kept unless told otherwise, about a kilobyte each. */
export const defaultUsers = 10_000
/** Answers that are kept of one user, one for each session. */
const maxPerUser = 100

/** The answers of `findSubject` that let a request through. */
export interface SubjectCache {
  readonly findSubject: Store['findSubject']
  /** Drops what is known of a user, and what is being read about them now. */
  drop(userId: string): void
  /** Drops everything. */
  clear(): void
  /** How often it had the answer. */
  readonly counts: CacheCounts
  /** Users that it knows now. */
  size(): number
}

/**
 * Keeps the answers of `read` until they are dropped. Asks `isCurrent` before each use. While that
 * returns false, every answer comes from `read`.
 *
 * Refusals are not kept: no notification says that a missing user or session was created.
 *
 * @param maxUsers Users that are kept at most: of more, those that were asked for lately.
 */
export function createSubjectCache(
  read: Store['findSubject'],
  isCurrent: () => boolean,
  maxUsers: number = defaultUsers,
): SubjectCache {
  // Notifications name the user, so a user's answers are kept together, by session.
  const counts = { hits: 0, misses: 0 }
  const known = new LRUCache<string, Map<string | null, Subject>>({ max: maxUsers })

  // Reads of the same user at the same time are not joined: a request must not be given an answer
  // that was read before it came.
  function readAndKeep(userId: string, sessionId: string | null): MaybePromise<Subject | null> {
    const answers = known.get(userId) ?? new Map<string | null, Subject>()
    known.set(userId, answers)
    return mapAnswer(read(userId, sessionId), (subject) => {
      // A change may have been announced between the read and its answer. Then this map was dropped
      // or replaced, and the answer is not kept.
      if (subject !== null && known.peek(userId) === answers && isAdmitted(subject, sessionId)) {
        if (answers.size >= maxPerUser) answers.clear()
        answers.set(sessionId, Object.freeze({ ...subject, user: Object.freeze(subject.user) }))
      }
      return subject
    })
  }

  return {
    findSubject(userId, sessionId) {
      const subject = isCurrent() ? known.get(userId)?.get(sessionId) : undefined
      if (subject === undefined) {
        counts.misses++
        return readAndKeep(userId, sessionId)
      }
      counts.hits++
      return subject
    },
    counts,
    size: () => known.size,
    drop: (userId) => void known.delete(userId),
    clear: () => known.clear(),
  }
}

function isAdmitted({ sessionStamp }: Subject, sessionId: string | null): boolean {
  return sessionId === null || sessionStamp !== null
}
