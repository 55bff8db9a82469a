import type { KeyRing } from '../keys/key-ring.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { mapAnswer } from '../maybe-promise.ts'
import type { Store } from '../store.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import { isTokenStampOf } from '../users/security-stamp.ts'
import type { UserRecord } from '../users/user-store.ts'

/**
 * Returns the user of a verified token, or null if the token has ended: its session is revoked or has
 * an old stamp, its key is retired, or the user is deleted. Asks the store on every call.
 *
 * Does not check that the user is active.
 */
export function findUserOfToken(
  { store, keys }: { readonly store: Store; readonly keys: KeyRing },
  { claims: { sub, sid, stamp }, keyId }: AccessToken,
): MaybePromise<UserRecord | null> {
  return mapAnswer(store.findSubject(sub, sid ?? null), (subject) => {
    if (subject === null) return null
    const { user } = subject
    const isLive =
      sid === undefined
        ? isTokenStampOf(user.securityStamp, stamp)
        : subject.sessionStamp === user.securityStamp
    if (!isLive) return null
    // Another process may have retired the key since it was loaded here.
    return mapAnswer(keys.follow(subject.keysVersion), () => (keys.find(keyId) ? user : null))
  })
}

/** The same for a session, without a token. */
export async function findUserOfSession(
  store: Store,
  { id, userId }: { readonly id: string; readonly userId: string },
): Promise<UserRecord | null> {
  const subject = await store.findSubject(userId, id)
  if (subject === null) return null
  // A revoked session has no stamp. A session from before a change has an old one.
  return subject.sessionStamp === subject.user.securityStamp ? subject.user : null
}

/** The same if the user is active. */
export async function findLiveUser(
  store: Store,
  { id, userId }: { readonly id: string; readonly userId: string },
): Promise<UserRecord | null> {
  const user = await findUserOfSession(store, { id, userId })
  return user?.active ? user : null
}
