import type { AuthEvents, NewEvent } from '../events/events.ts'
import type { Store } from '../store.ts'

/**
 * Ends a session because what is good once was presented again, and records that. Stored before the refusal is
 * sent, even if the request is cut off (SR-07).
 */
export async function revokeReused(
  { store: { sessions }, events }: { readonly store: Store; readonly events: AuthEvents },
  id: string,
  now: number,
  reuse: NewEvent,
): Promise<void> {
  await events
    .recordWith(reuse, (event) => sessions.revoke(id, now, { event }))
    .catch(async (error) => {
      // Ending the session matters more than recording it.
      await sessions.revoke(id, now)
      throw error
    })
}
