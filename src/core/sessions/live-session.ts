import type { SessionRecord } from './session-store.ts'

/**
 * True for a session that has not ended: it was not revoked, and is neither too old nor unused for too long.
 *
 * @param idleLifetime Seconds.
 */
export function isLiveSession(
  { revokedAt, expiresAt, rotatedAt }: SessionRecord,
  idleLifetime: number,
  now: number,
): boolean {
  return revokedAt === null && expiresAt > now && rotatedAt > now - idleLifetime
}
