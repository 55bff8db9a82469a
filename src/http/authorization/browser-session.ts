import type { Auth } from '../../core/auth.ts'
import type { BrowserSession } from '../../core/authorization/authorization.ts'
import { internals } from '../../core/internals.ts'
import { isTwoFactors } from '../../core/tokens/authentication.ts'

/**
 * True if the role of the user demands a second factor, and the session was opened with one: the user was promoted
 * since. What it was good for before it is good for after another login.
 */
export function lacksFactor(
  auth: Auth,
  { session, user }: Pick<BrowserSession, 'session' | 'user'>,
): boolean {
  return auth[internals].second?.isDemandedOf(user.role) === true && !isTwoFactors(session)
}
