import { isDeepStrictEqual } from 'node:util'
import type { ConsentRecord } from '../../../src/core/authorization/consent-store.ts'
import { keepsCodes } from './authorization-codes.ts'
import { aMoment, type Consents, type Fault, on } from './fault.ts'

const damage = (change: (port: Consents) => Partial<Consents>): Fault => on('consents', change)

/** What was withdrawn is there still. */
const keepsConsents = damage(({ withdraw, find }) => {
  const kept = new Map<string, ConsentRecord>()
  return {
    async withdraw(userId, clientId, now, event) {
      const consent = await find(userId, clientId)
      if (consent !== null) kept.set(`${userId} ${clientId}`, consent)
      return await withdraw(userId, clientId, now, event)
    },
    find: async (userId, clientId) =>
      (await find(userId, clientId)) ?? kept.get(`${userId} ${clientId}`) ?? null,
  }
})

/** Faults of consents. */
export const consents: Readonly<Record<string, Fault>> = {
  'authorizationCodes.exchange asks for no consent': on('authorizationCodes', ({ exchange }) => ({
    exchange: (each, event) => exchange({ ...each, needsConsent: false }, event),
  })),
  'consents.find takes a letter for another': damage(({ find }) => ({
    find: (userId, clientId) => find(userId, clientId.toLowerCase()),
  })),
  'consents.find finds what is anybody’s': damage(({ find, replace }) => {
    const seen: ConsentRecord[] = []
    return {
      async replace(before, after, event) {
        seen.push(after)
        return await replace(before, after, event)
      },
      find: async (userId, clientId) =>
        (await find(userId, clientId)) ??
        seen.find((consent) => consent.clientId === clientId) ??
        null,
    }
  }),
  'consents.listByUser is in reverse': damage(({ listByUser }) => ({
    listByUser: async (userId) => (await listByUser(userId)).toReversed(),
  })),
  'consents.listByUser lists one alone': damage(({ listByUser }) => ({
    listByUser: async (userId) => (await listByUser(userId)).slice(0, 1),
  })),
  'consents.replace replaces another than was read': damage((port) => ({
    async replace(before, after, event) {
      const { userId, clientId } = after
      return await port.replace(before && (await port.find(userId, clientId)), after, event)
    },
  })),
  'consents.replace takes the place of one though there was to be none': damage((port) => ({
    async replace(before, after, event) {
      const { userId, clientId } = after
      return await port.replace(before ?? (await port.find(userId, clientId)), after, event)
    },
  })),
  'consents.replace looks, and replaces a moment later': damage((port) => ({
    async replace(before, after, event) {
      const { userId, clientId } = after
      if (!isDeepStrictEqual(await port.find(userId, clientId), before)) return false
      await aMoment()
      return await port.replace(await port.find(userId, clientId), after, event)
    },
  })),
  ...Object.fromEntries(
    (['scopes', 'createdAt', 'updatedAt'] as const).map((member) => [
      `consents.replace does not compare ${member}`,
      damage((port) => ({
        async replace(before, after, event) {
          const found = await port.find(after.userId, after.clientId)
          const seen = before && found && { ...before, [member]: found[member] }
          return await port.replace(seen ?? before, after, event)
        },
      })),
    ]),
  ),
  'consents.replace says that it stored what it did not': damage(({ replace }) => ({
    replace: (...args) => replace(...args).then(() => true),
  })),
  'consents.replace stores nothing': damage(({ find }) => ({
    replace: async (before, { userId, clientId }) =>
      isDeepStrictEqual(await find(userId, clientId), before),
  })),
  'consents.withdraw keeps the consent': keepsConsents,
  'consents.withdraw says that there was one': damage(({ withdraw }) => ({
    withdraw: (...args) => withdraw(...args).then(() => true),
  })),
  'consents.withdraw does nothing without a consent': damage(({ withdraw, find }) => ({
    withdraw: async (userId, clientId, ...others) =>
      (await find(userId, clientId)) !== null && (await withdraw(userId, clientId, ...others)),
  })),
  'consents.withdraw ends the sessions of every client': on(
    'consents',
    ({ withdraw }, { sessions }) => ({
      async withdraw(userId, clientId, now, event) {
        for (const { id } of await sessions.listByUser(userId, now, 0)) {
          await sessions.revoke(id, now)
        }
        return await withdraw(userId, clientId, now, event)
      },
    }),
  ),
  'consents.withdraw ends sessions another time': damage(({ withdraw }) => ({
    withdraw: (userId, clientId, now, event) => withdraw(userId, clientId, now - 1, event),
  })),
  'consents.withdraw withdraws everybody’s': on('consents', ({ withdraw }, { users }) => ({
    async withdraw(userId, clientId, now, event) {
      const others = (await users.list({ limit: 10_000 })).filter(({ id }) => id !== userId)
      for (const { id } of others) await withdraw(id, clientId, now)
      return await withdraw(userId, clientId, now, event)
    },
  })),
  'consents.withdraw leaves codes': keepsCodes,
  'consents stay when their client is removed': (store) => {
    const { consents: whole } = store as Required<typeof store>
    const kept = new Map<string, ConsentRecord>()
    return {
      ...store,
      consents: {
        ...whole,
        async replace(before, after, event) {
          const replaced = await whole.replace(before, after, event)
          if (replaced) kept.set(`${after.userId} ${after.clientId}`, after)
          return replaced
        },
        listByUser: async (userId) => [...kept.values()].filter((each) => each.userId === userId),
      },
    }
  },
}
