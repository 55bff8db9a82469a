import type { Store } from '../../../src/core/store.ts'
import { isAsTokenSays } from '../../../src/core/tokens/authentication.ts'
import type { KeptSession } from '../../../src/core/users/kept-session.ts'
import { aMoment, type Fault, on } from './fault.ts'

/** What a store makes of the session that it is to keep. */
type Damage = (keep: KeptSession, store: Store) => Promise<KeptSession>

const damages: Readonly<Record<string, Damage>> = {
  'keeps one that was refreshed since': async ({ id, token }) => ({
    id,
    token: token && { ...token, issuedAt: Infinity },
  }),
  'keeps one whose token says more': async ({ id, token }) => ({
    id,
    token: token && { ...token, authenticatedAt: 0 },
  }),
  'keeps none that was refreshed in the same second': async ({ id, token }) => ({
    id,
    token: token && { ...token, issuedAt: token.issuedAt - 1 },
  }),
  'looks at the one that it keeps, and keeps it a moment later': async (
    { id, token },
    { sessions },
  ) => {
    const session = await sessions.find(id)
    if (!session || (token && !isAsTokenSays(session, token))) return { id: '' }
    await aMoment()
    return { id }
  },
}

const faultsOf: Readonly<Record<string, (damage: Damage) => Fault>> = {
  'users.update': (damage) =>
    on('users', ({ update }, store) => ({
      async update(id, changes, { keepSession, ...options } = {}) {
        const keep = keepSession && (await damage(keepSession, store))
        return await update(id, changes, { ...options, keepSession: keep })
      },
    })),
  'users.replacePasswordHash': (damage) =>
    on('users', ({ replacePasswordHash }, store) => ({
      async replacePasswordHash(id, from, to, { renewal, ...options } = {}) {
        const keepSession = renewal?.keepSession && (await damage(renewal.keepSession, store))
        const damaged = renewal && { ...renewal, keepSession }
        return await replacePasswordHash(id, from, to, { ...options, renewal: damaged })
      },
    })),
  'factors.confirm': (damage) =>
    on('factors', ({ confirm }, store) => ({
      async confirm({ first, ...confirmation }, storedWith) {
        const keepSession = first?.keepSession && (await damage(first.keepSession, store))
        const damaged = first && { ...first, keepSession }
        return await confirm({ ...confirmation, first: damaged }, storedWith)
      },
    })),
  'factors.addPasskey': (damage) =>
    on('factors', ({ addPasskey }, store) => ({
      async addPasskey({ first, ...addition }, storedWith) {
        const keepSession = first?.keepSession && (await damage(first.keepSession, store))
        const damaged = first && { ...first, keepSession }
        return await addPasskey({ ...addition, first: damaged }, storedWith)
      },
    })),
}

/** Faults of the session that is kept. */
export const keptSessions: Readonly<Record<string, Fault>> = {
  ...Object.fromEntries(
    Object.entries(faultsOf).flatMap(([name, faultOf]) =>
      Object.entries(damages).map(([what, damage]) => [`${name} ${what}`, faultOf(damage)]),
    ),
  ),
  'users.update tells nobody of a session that it was to keep, and did not': (store) => {
    const named = new Set<string>()
    const { users, logoutNotices } = store
    return {
      ...store,
      users: {
        ...users,
        async update(id, changes, options) {
          const keep = options?.keepSession
          if (keep?.token) named.add(keep.id)
          return await users.update(id, changes, options)
        },
      },
      ...(logoutNotices && {
        logoutNotices: {
          ...logoutNotices,
          claim: async (...args) =>
            (await logoutNotices.claim(...args)).filter(({ sessionId }) => !named.has(sessionId)),
        },
      }),
    }
  },
}
