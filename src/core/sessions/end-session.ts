import type { Clock } from '../clock.ts'
import type { AuthEvents } from '../events/events.ts'
import type { Store } from '../store.ts'
import type { EndOptions } from './session-calls.ts'
import type { Revocation } from './session-store.ts'

/** What sessions are ended with. */
export interface EndParts {
  readonly store: Store
  readonly events: AuthEvents
  readonly clock: Clock
}

/**
 * Ends a session, with its event. False if there is no such session (of this user, if given), or it has ended.
 *
 * `notifies` is for what is no log-out: `[]` tells no client. Default: those that want to be told.
 */
export async function endSession(
  { store, events, clock }: EndParts,
  id: string,
  { userId, by, notifies }: EndOptions & Pick<Revocation, 'notifies'>,
): Promise<boolean> {
  const { sessions } = store
  const session = await sessions.find(id)
  if (session === null) return false
  const about = { userId: session.userId, clientId: session.clientId, sessionId: id }
  const withChildren = session.kind === 'browser'
  return await events.recordWith({ ...by, type: 'session_ended', ...about }, (event) =>
    sessions.revoke(id, clock(), { userId, event, withChildren, notifies }),
  )
}
