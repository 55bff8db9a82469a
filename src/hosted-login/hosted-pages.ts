import type { Auth } from '../core/auth.ts'
import { internals } from '../core/internals.ts'
import { requireAuth } from '../core/require-auth.ts'
import type { User } from '../core/users/user.ts'
import type { UserFields } from '../core/users/user-fields.ts'
import { cookiesOf } from '../http/authorization/cookies.ts'
import type { Guard } from '../http/guards/guard.ts'
import {
  type CompleteOptions,
  completeLogin,
  type LoginRequest,
  type PageAnswer,
} from './complete-login.ts'
import { currentUserGuard } from './current-user.ts'
import { type HostedPasskeys, hostedPasskeys } from './hosted-passkeys.ts'

/** What an application's own pages have of a login by browser. */
export interface HostedPages<Fields extends UserFields = UserFields> {
  /**
   * Opens the browser session of a user whom your own login page has authenticated, and returns the answer: send its
   * status, headers, cookies and body. It goes on with the request that led to your page, in its parameter
   * `continue`.
   *
   * Does not check how the user has authenticated: that is your page's part, and so is slowing down guesses, as
   * `auth.authenticate` does. It does check that the form came from a page of this origin. The session that the
   * browser had ends, unless it is the same user's; the cookie is always another one.
   *
   * @throws {Forbidden} for a form from another site, and for an inactive, suspended or deleted user.
   * @throws {Refusal} 405 for a request that is no POST.
   * @throws {UserError} `factor_needed` for a user who needs a second factor, if `acr` is neither `2fa` nor `phr`.
   */
  complete(request: LoginRequest, user: User, options?: CompleteOptions): Promise<PageAnswer>
  /**
   * The user of the browser session, for pages that a server renders. Refused with 401 if nobody is logged in; make
   * that null with `optional`. A login with one factor is refused with 401 `insufficient_user_authentication` once
   * the role of the user demands two.
   *
   * A request by any method but GET and HEAD must come from a page of this origin, as the browser says in
   * `Sec-Fetch-Site` or `Origin`; else it is refused with 403. So no form of another site does anything here.
   */
  readonly currentUser: Guard<User<Fields>>
  /** Logins by a passkey on your own login page; null unless the option `factors.passkeys` is on. */
  readonly passkeys: HostedPasskeys | null
}

/**
 * Makes what an application needs for its own login page, and for pages that it renders for users who have logged in
 * by browser.
 *
 * @throws {TypeError} if `auth` is missing, a promise that was not awaited, or has no hosted login.
 */
export function hostedPages<Fields extends UserFields = UserFields>(
  auth: Auth<Fields>,
): HostedPages<Fields> {
  requireAuth(auth)
  const hosted = internals in auth ? auth[internals].hosted : null
  if (hosted === null) {
    throw new TypeError(
      'This auth has no hosted login: pass createAuth the option hostedLogin: hostedLogin().',
    )
  }
  const parts = {
    auth: auth as Auth,
    authorization: hosted.authorization,
    cookies: cookiesOf(auth.issuer),
  }
  return {
    complete: (request, user, options = {}) => completeLogin(parts, request, user, options),
    // The schema has judged the fields when they were written.
    currentUser: currentUserGuard(parts) as Guard<User<Fields>>,
    passkeys: hostedPasskeys(parts.auth),
  }
}
