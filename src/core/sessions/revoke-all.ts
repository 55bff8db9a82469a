import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { type Actor, createAuthEvents, eventRetention } from '../events/events.ts'
import type { Store } from '../store.ts'

/**
 * Ends every session and every access token, on an open store: for a database that was brought back
 * to an earlier state, from a backup or by the failover to a standby that was behind. What was revoked
 * in the meantime would be good again there.
 *
 * Users have to log in again. The next `createAuth` on the store makes new signing keys. `by` is who
 * does it, for the event, which is stored with it.
 */
export async function revokeAll(store: Store, clock: Clock, by?: Actor): Promise<void> {
  const events = createAuthEvents(store.events, clock, eventRetention)
  const stamp = randomBytes(12).toString('base64url')
  await events.recordWith({ ...by, type: 'sys_restored' }, (event) =>
    store.revokeAll(stamp, clock(), event),
  )
}
