import type { UserRecord } from '../../../src/core/users/user-store.ts'
import { aMoment, type Fault, on } from './fault.ts'

/** Faults of identities. */
export const identities: Readonly<Record<string, Fault>> = {
  'identities.findUser takes an issuer for another': on('identities', ({ findUser }) => ({
    findUser: async (issuer, subject) =>
      (await findUser(issuer, subject)) ?? (await findUser(`${issuer}/`, subject)),
  })),
  'identities.findUser gives the user of the first time': on('identities', ({ findUser }) => {
    const seen = new Map<string, UserRecord>()
    return {
      async findUser(issuer, subject) {
        const user = await findUser(issuer, subject)
        if (user !== null && !seen.has(user.id)) seen.set(user.id, user)
        return user && (seen.get(user.id) ?? null)
      },
    }
  }),
  'identities.link takes an identity over': on('identities', (port) => ({
    async link(identity, event) {
      const { issuer, subject } = identity
      const user = await port.findUser(issuer, subject)
      if (user !== null) await port.unlink(user.id, issuer, subject)
      return await port.link(identity, event)
    },
  })),
  'identities.link links to nobody': on('identities', ({ link }) => ({
    link: async (identity, event) =>
      (await link(identity, event)) === 'taken' ? 'taken' : 'linked',
  })),
  'identities.createUser creates a user without a link': on('identities', (port, store) => ({
    async createUser(issuer, subject, user, event) {
      if ((await port.findUser(issuer, subject)) !== null) return false
      await store.users.create(user, { event })
      return true
    },
  })),
  'identities.createUser looks, and creates a moment later': on('identities', (port, store) => ({
    async createUser(issuer, subject, user, event) {
      if ((await port.findUser(issuer, subject)) !== null) return false
      await aMoment()
      await store.users.create(user, { event })
      await port.link({ issuer, subject, userId: user.id, createdAt: user.createdAt })
      return true
    },
  })),
  'identities.unlink does not look whose it is': on('identities', (port) => ({
    async unlink(_userId, issuer, subject, event) {
      const user = await port.findUser(issuer, subject)
      return await port.unlink(user?.id ?? '', issuer, subject, event)
    },
  })),
  'identities.listByUser begins with the newest': on('identities', ({ listByUser }) => ({
    listByUser: async (id) => (await listByUser(id)).toReversed(),
  })),
}
