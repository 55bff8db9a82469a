import { randomBytes } from 'node:crypto'
import type { Clock } from './clock.ts'
import type { Store } from './store.ts'

/**
 * Ends every session and every access token, on an open store: for a database that was brought back
 * to an earlier state, from a backup or by the failover to a standby that was behind. What was revoked
 * in the meantime would be good again there.
 *
 * Users have to log in again. Signing keys are made anew by the next `createAuth` on the store.
 */
export async function revokeAll(store: Store, clock: Clock): Promise<void> {
  await store.revokeAll(randomBytes(12).toString('base64url'), clock())
}
