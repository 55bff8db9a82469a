import { includesPermission } from '../../core/access/scope.ts'
import type { Auth } from '../../core/auth.ts'
import { internals } from '../../core/internals.ts'
import type { User } from '../../core/users/user.ts'
import type { GuardedRequest } from '../../http/bearer.ts'
import { withFactor } from '../../http/endpoints/factor-guards.ts'
import { all, refine } from '../../http/guards/combinators.ts'
import { unauthenticated } from '../../http/guards/documentation.ts'
import type { Guard } from '../../http/guards/guard.ts'
import type { Guards } from '../../http/guards/guards.ts'
import { defaultMaxAge } from '../../http/guards/recent-login.ts'

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

/**
 * Refuses to give a role that grants more than new users have, or demands a second factor, unless the login is
 * recent: a stolen token could make an administrator. An API key gives what its permission lets it.
 */
export function requireRecentGiver(
  auth: Auth,
  guards: Guards,
): (request: GuardedRequest, role: string | undefined) => Promise<void> {
  const recent = recentUser(auth, guards)
  return async (request, role) => {
    if (role === undefined || isPlain(auth, role)) return
    const { apiKey } = await guards.accessToken(request)
    if (!apiKey) await recent(request)
  }
}

function isPlain({ roles, [internals]: { second, defaultRole } }: Auth, role: string): boolean {
  const plain = roles.permissionsOf(defaultRole)
  const hasNoMore = roles.permissionsOf(role).every((each) => includesPermission(plain, each))
  return hasNoMore && second?.isDemandedOf(role) !== true
}

/** What the refusal of such a role means. */
export const recentGiver: { readonly 401: string } = {
  401: `${unauthenticated({})}; or the role needs a login of the last ${defaultMaxAge} seconds, and the challenge has the error insufficient_user_authentication`,
}

/** The user behind what an API key does to nobody: a login is needed beside the permission. */
export function loggedInWith(
  { requirePermission, loggedInUser }: Guards,
  permission: string,
): Guard<User> {
  const both = all({ admin: requirePermission(permission), user: loggedInUser })
  return refine(both, ({ admin }) => admin)
}
