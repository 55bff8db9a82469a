import { formatScope } from '../access/scope.ts'
import { browserClientId, firstPartyClientId } from '../clients/registration.ts'
import type { Clock } from '../clock.ts'
import { type AuthEvents, actorOf } from '../events/events.ts'
import type { Consents } from './authorization.ts'
import type { ConsentRecord, ConsentStore } from './consent-store.ts'

/** Clients whose sessions are the application's own: there is no consent to withdraw. */
const builtIn: readonly string[] = [firstPartyClientId, browserClientId]

/** Reads, widens and withdraws what users have allowed clients. */
export function createConsents({
  store,
  events,
  clock,
}: {
  readonly store: ConsentStore
  readonly events: AuthEvents
  readonly clock: Clock
}): Consents {
  return {
    find: (userId, clientId) => store.find(userId, clientId),
    list: (userId) => store.listByUser(userId),
    async allow(userId, clientId, scopes, by) {
      const about = { actor: actorOf({ userId }), ...by, userId, clientId }
      // Another page of the same user may have stored one in between.
      for (let before = await store.find(userId, clientId); ; ) {
        const after = widened(before, { userId, clientId, scopes, now: clock() })
        if (before !== null && before.scopes.length === after.scopes.length) return true
        const details = { scope: formatScope(after.scopes) }
        const isStored = await events.recordWith(
          { ...about, type: 'authz_consent_granted', details },
          (event) => store.replace(before, after, event),
        )
        if (isStored) return true
        const found = await store.find(userId, clientId)
        // Nothing has come in between: it is the user who is not there.
        if (found?.updatedAt === before?.updatedAt && sameScopes(found, before)) return false
        before = found
      }
    },
    async withdraw(userId, clientId, by) {
      if (builtIn.includes(clientId)) return false
      const about = { actor: actorOf({ userId }), ...by, userId, clientId }
      return await events.recordWith({ ...about, type: 'authz_consent_revoked' }, (event) =>
        store.withdraw(userId, clientId, clock(), event),
      )
    },
  }
}

interface Allowed {
  readonly userId: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly now: number
}

/** All that was allowed before and is allowed now. */
function widened(
  before: ConsentRecord | null,
  { userId, clientId, scopes, now }: Allowed,
): ConsentRecord {
  const all = [...new Set([...(before?.scopes ?? []), ...scopes])].sort()
  return { userId, clientId, scopes: all, createdAt: before?.createdAt ?? now, updatedAt: now }
}

function sameScopes(one: ConsentRecord | null, other: ConsentRecord | null): boolean {
  return one?.scopes.join(' ') === other?.scopes.join(' ')
}
