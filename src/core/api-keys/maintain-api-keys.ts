import type { Clock } from '../clock.ts'
import type { Notices } from '../mail/notices.ts'
import { pruneInBatches } from '../prune-batches.ts'
import type { Store } from '../store.ts'
import type { ApiKeyStore } from './api-key-store.ts'
import type { ApiKeyMaintenance } from './api-keys.ts'

const day = 24 * 60 * 60
/** Seconds before the end of a key that its owner is told. */
const toldBefore = 7 * day
/** Seconds that an expired key stays in the list of its owner. */
const keptAfterExpiry = 30 * day

/** True for a key so short-lived that the mail about its making says when it expires. */
export function isExpiryToldAtOnce(lifetime: number): boolean {
  return lifetime <= toldBefore
}

export interface ApiKeyMaintenanceOptions {
  readonly store: Store
  readonly apiKeys: ApiKeyStore
  readonly notices: Notices
  readonly clock: Clock
}

/** Tells of keys that are about to expire, and deletes those that have. */
export function createApiKeyMaintenance(options: ApiKeyMaintenanceOptions): ApiKeyMaintenance {
  const { store, apiKeys, notices, clock } = options

  async function tellSome(limit: number): Promise<number> {
    const now = clock()
    const expiring = await apiKeys.expiring(now, now + toldBefore, limit)
    for (const { id, userId, name, expiresAt } of expiring) {
      const owner = await store.users.findById(userId)
      const more = { key: name, expiresAt, keyId: id }
      const mails = owner ? notices.of('api_key_expires', owner, {}, more) : []
      // Of several processes one tells.
      if (await apiKeys.tellExpiry(id, { mails })) notices.wake()
    }
    return expiring.length
  }

  return {
    async tellExpiring(signal) {
      await pruneInBatches(tellSome, signal)
    },
    prune: (signal) =>
      pruneInBatches((limit) => apiKeys.prune(clock() - keptAfterExpiry, limit), signal),
  }
}
