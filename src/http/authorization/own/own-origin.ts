import type { RequestOrigin } from '../../../core/accounts/request.ts'
import { type Actor, actorOf } from '../../../core/events/events.ts'
import { writeSessionCookie } from '../browser-session.ts'
import type { Visit } from './own-page.ts'

/** From where a user asks for something. */
export function originOf({
  request,
}: Visit): Pick<RequestOrigin, 'address' | 'userAgent' | 'requestId'> {
  const { address, header, requestId } = request
  return { address, requestId, userAgent: header('user-agent') }
}

/** Who asks for it, for the event. */
export function actorIn({ request: { address, requestId }, browser: { user } }: Visit): Actor {
  return { actor: actorOf({ userId: user.id }), address, requestId }
}

/**
 * The header with another cookie for the session of a visit, after something that ends all others: a copy of the
 * cookie ends as well. It goes when the browser is closed; nobody knows whether the one before was to stay.
 */
export async function renewedCookie({ flow, browser }: Visit): Promise<readonly string[]> {
  const opened = await flow.authorization.browserSessions.renew(browser)
  return opened === null ? [] : [writeSessionCookie(flow, opened, false)]
}
