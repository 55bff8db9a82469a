import type { User } from '../../core/users/user.ts'
import type { Guard } from '../../http/guards/guard.ts'
import type { Guards } from '../../http/guards/guards.ts'

/**
 * The user behind what a stolen token alone must not do: changes of the address, of who may log in, and of
 * whether there is an account. The one place that says how long ago that user may have logged in.
 */
export function recentUser({ requireRecentLogin }: Guards): Guard<User> {
  return requireRecentLogin()
}
