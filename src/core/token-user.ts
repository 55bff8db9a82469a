import type { AccessTokenClaims } from './access-token.ts'
import type { Store, UserRecord } from './store.ts'

/**
 * Returns the user of a verified token, or null if the token has ended: its session is revoked, or of
 * an old stamp, or the user is deleted. Read anew every time.
 *
 * Does not check that the user is active.
 */
export async function findUserOfToken(
  store: Store,
  { sub, sid, stamp }: Pick<AccessTokenClaims, 'sub' | 'sid' | 'stamp'>,
): Promise<UserRecord | null> {
  const subject = await store.findSubject(sub, sid ?? null)
  const endsWith = sid === undefined ? stamp : subject?.sessionStamp
  // A revoked session has no stamp, an old one has an old stamp, a deleted user has none.
  return subject && endsWith === subject.user.securityStamp ? subject.user : null
}
