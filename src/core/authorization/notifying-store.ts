import type { Clock } from '../clock.ts'
import type { NotifiedClients } from '../mail/stored-with.ts'
import type { Store } from '../store.ts'

export interface NotifyingOptions {
  /** The clients that want to be told of log-outs. */
  readonly clientIds: () => Promise<readonly string[]>
  readonly clock: Clock
  /** Called when something may have been stored. */
  readonly stored: () => void
}

/**
 * The same store, of which everything that ends sessions for users also stores notices for their clients, in
 * the same transaction. Made of an open store.
 *
 * Here and not where sessions are ended, so that nothing that ends one can forget the clients. A revocation that
 * says itself whom it `notifies` is left as it is: with `[]` it is no log-out.
 */
export function createNotifyingStore(
  store: Store,
  { clientIds, clock, stored }: NotifyingOptions,
): Store {
  const { users, sessions, consents, factors } = store

  /** Makes a change that is to tell clients, if there are any. */
  async function telling<T>(change: (clientIds?: readonly string[]) => Promise<T>): Promise<T> {
    const ids = await clientIds()
    if (ids.length === 0) return await change()
    const changed = await change(ids)
    stored()
    return changed
  }

  const tellingOfUser = <T>(change: (notifies?: NotifiedClients) => Promise<T>): Promise<T> =>
    telling((ids) => change(ids && { clientIds: ids, now: clock() }))

  return overriding(store, {
    sessions: overriding(sessions, {
      async revoke(id, now, options = {}) {
        if (options.notifies !== undefined) return await sessions.revoke(id, now, options)
        return await telling((notifies) => sessions.revoke(id, now, { ...options, notifies }))
      },
    }),
    users: overriding(users, {
      async update(id, changes, options) {
        if (changes.securityStamp === undefined) return await users.update(id, changes, options)
        return await tellingOfUser((notifies) =>
          users.update(id, changes, { ...options, notifies }),
        )
      },
      async replacePasswordHash(id, from, to, options) {
        if (!options?.renewal) return await users.replacePasswordHash(id, from, to, options)
        return await tellingOfUser((notifies) =>
          users.replacePasswordHash(id, from, to, { ...options, notifies }),
        )
      },
      remove: (id, options) =>
        tellingOfUser((notifies) => users.remove(id, { ...options, notifies })),
    }),
    ...(factors && {
      factors: overriding(factors, {
        async confirm(confirmation, storedWith) {
          if (!confirmation.first) return await factors.confirm(confirmation, storedWith)
          return await tellingOfUser((notifies) =>
            factors.confirm(confirmation, { ...storedWith, notifies }),
          )
        },
        async addPasskey(addition, storedWith) {
          if (!addition.first) return await factors.addPasskey(addition, storedWith)
          return await tellingOfUser((notifies) =>
            factors.addPasskey(addition, { ...storedWith, notifies }),
          )
        },
        async remove(userId, id, removal) {
          if (!removal?.securityStamp) return await factors.remove(userId, id, removal)
          return await tellingOfUser((notifies) =>
            factors.remove(userId, id, { ...removal, notifies }),
          )
        },
        async removeAll(userId, removal) {
          if (!removal?.securityStamp) return await factors.removeAll(userId, removal)
          return await tellingOfUser((notifies) =>
            factors.removeAll(userId, { ...removal, notifies }),
          )
        },
      }),
    }),
    ...(consents && {
      consents: overriding(consents, {
        withdraw: (userId, clientId, now, event) =>
          telling((notifies) => consents.withdraw(userId, clientId, now, event, notifies)),
      }),
    }),
  })
}

/** An object with some members in the place of its own. All others are its own, whatever they are kept in. */
function overriding<Whole extends object>(whole: Whole, members: Partial<Whole>): Whole {
  return new Proxy(whole, {
    get(_, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof Whole]
      const value: unknown = Reflect.get(whole, name, whole)
      return typeof value === 'function' ? value.bind(whole) : value
    },
  })
}
