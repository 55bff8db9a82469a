import { type Clock, clockTolerance } from '../../core/clock.ts'
import type { AccessToken } from '../../core/tokens/access-token.ts'
import { BearerError } from '../refusal.ts'

/** What `requireRecentLogin` takes. */
export interface RecentLoginOptions {
  /** Seconds that the login may be old. Default 300. */
  readonly maxAge?: number
}

/** Seconds that a login may be old, unless told otherwise. */
export const defaultMaxAge = 300

/**
 * Returns the seconds that the login may be old.
 *
 * @throws {TypeError} if they are no whole number, or below 1.
 */
export function readMaxAge({ maxAge = defaultMaxAge }: RecentLoginOptions): number {
  if (Number.isSafeInteger(maxAge) && maxAge >= 1) return maxAge
  throw new TypeError(
    'requireRecentLogin takes { maxAge }: a whole number of seconds, 1 or more, such as 300.',
  )
}

/**
 * Refuses a token whose user authenticated too long ago, or that does not say when. Nothing is read but the
 * claims, so a token from before a step-up stays as old as it is.
 *
 * @throws {BearerError} `insufficient_user_authentication` (RFC 9470 §3)
 */
export function refuseOldLogin(
  { claims, external }: AccessToken,
  maxAge: number,
  clock: Clock,
): void {
  // Another issuer may send anything, or nothing.
  const authenticatedAt: unknown = external ? external.payload.auth_time : claims.auth_time
  if (isRecent(authenticatedAt, maxAge, clock)) return
  throw new BearerError('insufficient_user_authentication', [], { maxAge })
}

/** True for an instant in the last `maxAge` seconds. False for one that is no number. */
export function isRecent(authenticatedAt: unknown, maxAge: number, clock: Clock): boolean {
  const age = typeof authenticatedAt === 'number' ? clock() - authenticatedAt : Number.NaN
  return age >= -clockTolerance && age <= maxAge
}
