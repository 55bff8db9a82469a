import type { ConnectionCounts } from '../../core/statistics.ts'
import type { Store } from '../../core/store.ts'
import type { TableNames } from '../sql/names.ts'
import { createSubjectCache } from '../subject-cache.ts'
import { type Changes, createChanges } from './changes.ts'
import type { Connect } from './connect.ts'
import type { Primary } from './primary.ts'

export interface CachedStoreOptions {
  /** Opens one more connection, to the server that is written to. */
  readonly connect: Connect
  /** What the tables of the store are called. */
  readonly names: TableNames
  /** How it goes with the connections of the store. */
  readonly connections: () => ConnectionCounts
  /** Users that are kept at most. */
  readonly users: number
  /** Nothing is answered or acknowledged on behalf of another server. */
  readonly primary: Primary
  /** Deletes old changes from the log. It is called by writers, so guarded requests never wait for it. */
  readonly pruneLog: () => Promise<void>
}

/**
 * A store whose one read of a guarded request is answered from this process, for as long as it is
 * known that nothing has changed, and whose changes are done when no process answers otherwise.
 */
export function cachedStore(
  store: Store,
  { connect, names, connections, users, primary, pruneLog }: CachedStoreOptions,
): Store {
  const isCurrent = (): boolean => primary.isConfirmed() && changes.isCurrent()
  const cache = createSubjectCache(store.findSubject, isCurrent, users)
  const changes = createChanges({ connect, names, drop: cache.drop, clear: cache.clear })

  function heardByAll(): Promise<void> {
    void pruneLog()
    return changes.heardByAll()
  }
  return {
    ...heardChanges(store, heardByAll, primary),
    findSubject: cache.findSubject,
    statistics: () => ({
      connections: connections(),
      subjects: { ...cache.counts, users: cache.size() },
    }),
    async close() {
      await changes.close()
      await store.close()
    },
  }
}

/**
 * Lets those changes that end or alter what a guard decides wait until they were heard. A log-in, a
 * refresh, a hash that is renewed and the pruning of what has ended by itself do not wait.
 *
 * All that end something, in a cache or not, wait until the server that answered is still the primary. So does the
 * answer that there was nothing to end, and a session that is not found: a log-out ends with that. The end may be
 * another request's, which still waits until it was heard.
 */
function heardChanges(store: Store, heardByAll: Changes['heardByAll'], { hold }: Primary): Store {
  const waitFor =
    (hear: (result: unknown) => Promise<void> | undefined) =>
    <Parameters extends readonly unknown[], Result>(
      change: (...parameters: Parameters) => Promise<Result>,
    ) =>
    async (...parameters: Parameters): Promise<Result> => {
      const isStillPrimary = await hold()
      const result = await change(...parameters)
      await Promise.all([hear(result), isStillPrimary()])
      return result
    }
  // Also where there was nothing to end: what has ended it may not have been heard yet.
  const ended = waitFor(heardByAll)
  // False or 0: nothing has changed, and nobody takes that for an end.
  const heard = waitFor((result) => (result ? heardByAll() : undefined))
  const confirmed = waitFor(() => undefined)
  const { users, sessions, signingKeys, clients, identities, apiKeys, consents, factors } = store
  const replaceAndRenew = heard(users.replacePasswordHash)
  return {
    ...store,
    users: {
      ...users,
      update: ended(users.update),
      remove: ended(users.remove),
      replacePasswordHash: (id, from, to, options) =>
        (options?.renewal ? replaceAndRenew : users.replacePasswordHash)(id, from, to, options),
    },
    sessions: {
      ...sessions,
      async find(id) {
        const isStillPrimary = await hold()
        const found = await sessions.find(id)
        if (found === null) await Promise.all([heardByAll(), isStillPrimary()])
        return found
      },
      revoke: ended(sessions.revoke),
      revokeByClient: ended(sessions.revokeByClient),
      trim: heard(sessions.trim),
    },
    ...(consents && {
      consents: {
        ...consents,
        withdraw: ended(consents.withdraw),
      },
    }),
    ...(factors && {
      factors: {
        ...factors,
        confirm: ended(factors.confirm),
        addPasskey: ended(factors.addPasskey),
        remove: ended(factors.remove),
        removeAll: ended(factors.removeAll),
        replaceRecoveryCodes: confirmed(factors.replaceRecoveryCodes),
      },
    }),
    clients: {
      ...clients,
      replace: confirmed(clients.replace),
      replaceSecretHash: confirmed(clients.replaceSecretHash),
      remove: confirmed(clients.remove),
    },
    identities: { ...identities, unlink: confirmed(identities.unlink) },
    ...(apiKeys && { apiKeys: { ...apiKeys, remove: confirmed(apiKeys.remove) } }),
    signingKeys: { ...signingKeys, change: heard(signingKeys.change) },
    revokeAll: ended(store.revokeAll),
  }
}
