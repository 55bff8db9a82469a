import { LRUCache } from 'lru-cache'
import type { MaybePromise } from '../core/maybe-promise.ts'
import { mapAnswer } from '../core/maybe-promise.ts'
import type { Subject } from '../core/sessions/session-store.ts'
import type { CacheCounts } from '../core/statistics.ts'
import type { Store } from '../core/store.ts'

/** Users whose answers are kept, about a kilobyte each. */
const maxUsers = 10_000
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
}

/**
 * Keeps what `read` answers, for as long as nobody drops it. Asks `isCurrent` before each use: while
 * it says no, every answer is read anew.
 *
 * Refusals are not kept: a user or session that does not exist can be made without anybody being told.
 */
export function createSubjectCache(
  read: Store['findSubject'],
  isCurrent: () => boolean,
): SubjectCache {
  // By session, within its user, whom changes are told of.
  const counts = { hits: 0, misses: 0 }
  const known = new LRUCache<string, Map<string | null, Subject>>({ max: maxUsers })

  // Reads of the same user at the same time are not joined: a request must not be given an answer
  // that was read before it came.
  function readAndKeep(userId: string, sessionId: string | null): MaybePromise<Subject | null> {
    const answers = known.get(userId) ?? new Map<string | null, Subject>()
    known.set(userId, answers)
    return mapAnswer(read(userId, sessionId), (subject) => {
      // Read before a change, and answered after it was told of: then the place that was taken before
      // the read is gone, or another's, and the answer is not kept.
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
    drop: (userId) => void known.delete(userId),
    clear: () => known.clear(),
  }
}

function isAdmitted({ sessionStamp }: Subject, sessionId: string | null): boolean {
  return sessionId === null || sessionStamp !== null
}
