import type { Caller, CallingClient } from '../../core/clients/token-client.ts'
import type { AccessToken } from '../../core/tokens/access-token.ts'
import type { User } from '../../core/users/user.ts'
import type { UserFields } from '../../core/users/user-fields.ts'
import type { FactorStrength } from './factor-strength.ts'
import type { Guard } from './guard.ts'
import type { RecentLoginOptions } from './recent-login.ts'

/** The guards of an application. */
export interface Guards<Fields extends UserFields = UserFields> {
  /**
   * The verified access token. Does not check that the user still exists or is active, nor that
   * no other process has just retired the key: for that, take a guard below.
   */
  readonly accessToken: Guard<AccessToken>
  /**
   * The user of the token, read on every request. So a deactivation, a changed role or a new password
   * counts from the next request on. Refuses an inactive user with 403.
   *
   * Refuses the token of a third party, too: a client of somebody else that logs users in by browser, and is not
   * registered as first-party. Such a token stands for the permissions in its scope. So it passes
   * `requirePermission` and `requireCaller` with permissions, and none of the other guards for users.
   */
  readonly activeUser: Guard<User<Fields>>
  /**
   * An active user who is logged in. Refuses an API key with 403: for what a program that acts for a user must
   * not do, such as changes of the account. Without the option `apiKeys` it is `activeUser`.
   */
  readonly loggedInUser: Guard<User<Fields>>
  /**
   * The user, active or not: only for a route that must serve deactivated users. A token from before
   * the deactivation has ended with it, and is refused with 403; one from after it passes.
   */
  readonly userEvenIfInactive: Guard<User<Fields>>
  /**
   * An active user who has one of the roles today.
   *
   * Does not look at the token's scopes: a role says who the user is. Use `requirePermission` where
   * a token that was issued for less must be refused.
   *
   * @throws {TypeError} at once, if a role is not configured.
   */
  requireRole(...roles: readonly [string, ...string[]]): Guard<User<Fields>>
  /**
   * An active user whose token has the permissions in its scope, and whose role grants them today.
   * Counterpart of FastAPI's `Security(..., scopes=[...])`; refuses with 403 `insufficient_scope`
   * (RFC 6750 §3.1).
   *
   * @throws {TypeError} at once, if none is given, or one that nothing grants by its name and the option
   * `permissions` does not describe. A role of `*` names none.
   */
  requirePermission(...permissions: readonly [string, ...string[]]): Guard<User<Fields>>
  /**
   * An active user who logged in, or stepped up at `POST /auth/step-up`, within `maxAge` seconds. Else the
   * request is refused with 401 `insufficient_user_authentication` (RFC 9470 §3).
   *
   * Looks at the claim `auth_time` of the token alone, and so costs no read. A token that does not have it,
   * or that is of the future, is refused. An API key is refused with 403: no login stands behind it.
   *
   * @throws {TypeError} at once, if `maxAge` is no whole number of seconds, or below 1.
   */
  requireRecentLogin(options?: RecentLoginOptions): Guard<User<Fields>>
  /**
   * An active user who logged in, or stepped up, with a second factor: `any`, or a `phishing-resistant` one, a
   * passkey that has verified its user. Else the request is refused with 401
   * `insufficient_user_authentication` and `acr_values` (RFC 9470 §3).
   *
   * Looks at the claim `acr` of the token alone, and so costs no read. A token of another issuer has to say
   * `2fa` or `phr` there, too.
   *
   * @throws {TypeError} at once for another kind.
   */
  requireFactor(kind: FactorStrength): Guard<User<Fields>>
  /**
   * A client that acts for itself (RFC 6749 §4.4), read on every request. Refuses a user's token with
   * 403. The guards above are for users, and refuse a client's token in the same way.
   */
  readonly currentClient: Guard<CallingClient>
  /** A client that acts for itself, has the permissions, and whose token does. Throws as above. */
  requireClient(...permissions: readonly [string, ...string[]]): Guard<CallingClient>
  /** The caller, an active user or a client that acts for itself: `kind` says which. */
  readonly currentCaller: Guard<Caller<Fields>>
  /**
   * The same with permissions: what `requirePermission` asks of a user, or `requireClient` of a
   * client. Throws as they do.
   */
  requireCaller(...permissions: readonly [string, ...string[]]): Guard<Caller<Fields>>
}
