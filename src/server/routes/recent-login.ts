import type { Auth } from '../../core/auth.ts'
import type { User } from '../../core/users/user.ts'
import { withFactor } from '../../http/endpoints/factor-guards.ts'
import { all, refine } from '../../http/guards/combinators.ts'
import type { Guard } from '../../http/guards/guard.ts'
import type { Guards } from '../../http/guards/guards.ts'

/**
 * The user behind what a stolen token alone must not do: changes of the address, of who may log in, and of
 * whether there is an account. The one place that says how long ago that user may have logged in, and that a
 * second factor is needed if there is one.
 */
function recentUser(
  auth: Pick<Auth, 'factors'>,
  { requireRecentLogin, accessToken }: Guards,
): Guard<User> {
  const recent = all({ user: requireRecentLogin(), token: accessToken })
  return refine(withFactor(auth, recent), ({ user }) => user)
}

/** The administrator behind what a stolen token, or an API key, must not do to other users. */
export function requireRecentWriter(auth: Pick<Auth, 'factors'>, guards: Guards): Guard<User> {
  const both = all({
    admin: guards.requirePermission('users:write'),
    recent: recentUser(auth, guards),
  })
  return refine(both, ({ admin }) => admin)
}

/** The user behind what an API key does to nobody: a login is needed beside the permission. */
export function loggedInWith(
  { requirePermission, loggedInUser }: Guards,
  permission: string,
): Guard<User> {
  const both = all({ admin: requirePermission(permission), user: loggedInUser })
  return refine(both, ({ admin }) => admin)
}
