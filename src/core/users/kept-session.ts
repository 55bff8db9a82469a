import type { Store } from '../store.ts'
import { type AskingToken, isAsTokenSays } from '../tokens/authentication.ts'

/**
 * The session that stays open when a change ends all others: the one that asks for it. If it is no longer as its
 * access token says, somebody else may hold its newest token. Then it ends too, and its user logs in again.
 *
 * @param token Undefined if no access token asks.
 */
export async function sessionToKeep(
  { sessions }: Pick<Store, 'sessions'>,
  id: string | undefined,
  token: AskingToken | undefined,
): Promise<string | undefined> {
  if (id === undefined || token === undefined) return id
  const session = await sessions.find(id)
  return session !== null && isAsTokenSays(session, token) ? id : undefined
}
