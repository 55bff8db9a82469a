import type { Auth } from '../../core/auth.ts'
import type {
  Authorization,
  BrowserSession,
  OpenBrowserSession,
} from '../../core/authorization/authorization.ts'
import { internals } from '../../core/internals.ts'
import type { GuardedRequest } from '../bearer.ts'
import { defaultMaxAge, isRecent } from '../guards/recent-login.ts'
import type { Cookies } from './cookies.ts'

/** What the session of a browser is read with. */
interface BrowserParts {
  readonly authorization: Authorization
  readonly cookies: Cookies
}

/** The live session of the browser that has sent a request, or null. @param clientId As of `BrowserSessions.read`. */
export async function readBrowserSession(
  { authorization, cookies }: BrowserParts,
  request: Pick<GuardedRequest, 'headers'>,
  clientId?: string,
): Promise<BrowserSession | null> {
  const cookie = cookies.session.read(request)
  return cookie === null ? null : await authorization.browserSessions.read(cookie, clientId)
}

/** The value of `Set-Cookie` for a session that was just opened. @param stays Whether "stay signed in" was chosen. */
export function writeSessionCookie(
  { authorization: { settings }, cookies }: BrowserParts,
  { cookie }: OpenBrowserSession,
  stays: boolean,
): string {
  return cookies.session.write(cookie, stays ? (settings.staySignedIn ?? undefined) : undefined)
}

/**
 * True if the role of the user demands a second factor, and the session was opened with one: the user was promoted
 * since. What it was good for before it is good for after another login.
 */
export function lacksFactor(
  auth: Auth,
  { session, user }: Pick<BrowserSession, 'session' | 'user'>,
): boolean {
  return auth[internals].second?.isMissing(user, session.acr) === true
}

/**
 * True if the login of the session is recent, and nobody has logged in since: somebody else may have a copy of the
 * cookie of before.
 */
export function isFresh(auth: Auth, { session, isNewest }: BrowserSession): boolean {
  return isNewest && isRecent(session.authenticatedAt, defaultMaxAge, auth.clock)
}
