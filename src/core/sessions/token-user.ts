import type { KeyRing } from '../keys/key-ring.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { mapAnswer } from '../maybe-promise.ts'
import type { Store } from '../store.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import type { UserRecord } from '../users/user-store.ts'
import type { Subject } from './session-store.ts'

/**
 * Returns the user of a verified token, or null if the token has ended: its session is revoked, or of
 * an old stamp, its key is retired, or the user is deleted. Read anew every time.
 *
 * Does not check that the user is active.
 */
export function findUserOfToken(
  { store, keys }: { readonly store: Store; readonly keys: KeyRing },
  { claims: { sub, sid, stamp }, keyId }: AccessToken,
): MaybePromise<UserRecord | null> {
  return mapAnswer(store.findSubject(sub, sid ?? null), (subject) => {
    const user = userOf(subject, sid === undefined ? stamp : subject?.sessionStamp)
    if (subject === null || user === null) return null
    // Another process may have retired the key since it was loaded here.
    return mapAnswer(keys.follow(subject.keysVersion), () => (keys.find(keyId) ? user : null))
  })
}

/** The same of a session, whatever token it was asked for with. */
export async function findUserOfSession(
  store: Store,
  { id, userId }: { readonly id: string; readonly userId: string },
): Promise<UserRecord | null> {
  const subject = await store.findSubject(userId, id)
  return userOf(subject, subject?.sessionStamp)
}

// A revoked session has no stamp, an old one has an old stamp, a deleted user has none.
function userOf(subject: Subject | null, stamp: string | null | undefined): UserRecord | null {
  return subject && stamp === subject.user.securityStamp ? subject.user : null
}
