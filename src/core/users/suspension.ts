import { UserError } from '../errors.ts'
import { newSecurityStamp } from './security-stamp.ts'
import { toUser, type User } from './user.ts'
import type { UserRecord } from './user-store.ts'

/** True while a user is suspended. It ends by itself. */
export function isSuspended(
  { suspendedUntil }: Pick<UserRecord, 'suspendedUntil'>,
  now: number,
): boolean {
  return suspendedUntil !== null && suspendedUntil > now
}

/** A user who is about to be let in: `active` is false while the user is suspended. */
export function userAt(record: UserRecord, now: number): User {
  const user = toUser(record)
  return isSuspended(record, now) ? { ...user, active: false } : user
}

/**
 * The record that a token may be made of. Of a suspended user its stamp is nobody's, so that every guard
 * refuses the token, after the end of the suspension too.
 */
export function recordForToken(record: UserRecord, now: number): UserRecord {
  return isSuspended(record, now) ? { ...record, securityStamp: newSecurityStamp() } : record
}

/** @throws {UserError} `suspension_invalid` unless it is an instant after `now`. Seconds since 1970. */
export function checkSuspension(until: number, now: number): void {
  if (Number.isSafeInteger(until) && until > now) return
  throw new UserError('suspension_invalid', [
    'The end of the suspension must be in the future, in whole seconds since 1970.',
  ])
}
