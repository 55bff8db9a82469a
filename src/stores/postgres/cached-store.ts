import type { ConnectionCounts } from '../../core/statistics.ts'
import type { Store } from '../../core/store.ts'
import type { TableNames } from '../sql/names.ts'
import { createSubjectCache } from '../subject-cache.ts'
import { type Changes, createChanges } from './changes.ts'
import type { Connect } from './connect.ts'

/**
 * A store whose one read of a guarded request is answered from this process, for as long as it is
 * known that nothing has changed, and whose changes are done when no process answers otherwise.
 *
 * @param connect Opens one more connection, to the server that is written to.
 * @param names What the tables of the store are called.
 * @param connections How it goes with those of the store.
 * @param users Users that are kept at most.
 */
export function cachedStore(
  store: Store,
  connect: Connect,
  names: TableNames,
  connections: () => ConnectionCounts,
  users: number,
): Store {
  const cache = createSubjectCache(store.findSubject, () => changes.isCurrent(), users)
  const changes = createChanges({ connect, names, drop: cache.drop, clear: cache.clear })
  return {
    ...heardChanges(store, changes),
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
 */
function heardChanges(store: Store, { heardByAll }: Changes): Store {
  const heard =
    <Parameters extends readonly unknown[], Result>(
      change: (...parameters: Parameters) => Promise<Result>,
    ) =>
    async (...parameters: Parameters): Promise<Result> => {
      const result = await change(...parameters)
      // False, null or 0: there was nothing to change.
      if (result) await heardByAll()
      return result
    }
  const { users, sessions, signingKeys, consents, factors } = store
  const replaceAndRenew = heard(users.replacePasswordHash)
  return {
    ...store,
    users: {
      ...users,
      update: heard(users.update),
      remove: heard(users.remove),
      replacePasswordHash: (id, from, to, options) =>
        (options?.renewal ? replaceAndRenew : users.replacePasswordHash)(id, from, to, options),
    },
    sessions: {
      ...sessions,
      revoke: heard(sessions.revoke),
      revokeByClient: heard(sessions.revokeByClient),
      trim: heard(sessions.trim),
    },
    ...(consents && {
      consents: {
        ...consents,
        async withdraw(...parameters) {
          const result = await consents.withdraw(...parameters)
          // Sessions end even if there was no consent.
          await heardByAll()
          return result
        },
      },
    }),
    ...(factors && {
      factors: {
        ...factors,
        confirm: heard(factors.confirm),
        addPasskey: heard(factors.addPasskey),
        remove: heard(factors.remove),
        removeAll: heard(factors.removeAll),
      },
    }),
    signingKeys: { ...signingKeys, change: heard(signingKeys.change) },
    revokeAll: heard(store.revokeAll),
  }
}
