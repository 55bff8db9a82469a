import type { BrowserSession } from '../../../core/authorization/authorization.ts'
import { internals } from '../../../core/internals.ts'
import { isTwoFactors } from '../../../core/tokens/authentication.ts'
import { isFresh } from '../browser-session.ts'
import type { Flow } from '../flow.ts'

/**
 * The session if its user may be on a page: with a second factor if the user has one, or the role demands one.
 *
 * @param isDangerous Whether the login must be recent too. The cookie of before that login does not count then:
 * somebody else may have a copy of it.
 */
export async function admit(
  { auth }: Pick<Flow, 'auth'>,
  browser: BrowserSession | null,
  isDangerous: boolean,
): Promise<BrowserSession | null> {
  if (browser === null) return null
  const { session, user } = browser
  if (isDangerous && !isFresh(auth, browser)) return null
  if (isTwoFactors(session)) return browser
  const demand = await auth[internals].second?.demandOf(user)
  return demand ? null : browser
}
