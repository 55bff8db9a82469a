import type { ApiKeyRecord, ApiKeySubject } from '../../../src/core/api-keys/api-key-store.ts'
import { type ApiKeys, aMoment, type Fault, on } from './fault.ts'

const damage = (change: (port: ApiKeys) => Partial<ApiKeys>): Fault => on('apiKeys', change)

/** Every method changes what it read of a key. */
const misreads = (change: (key: ApiKeyRecord) => Partial<ApiKeyRecord>): Fault =>
  damage(({ findSubject }) => ({
    async findSubject(digest) {
      const subject = await findSubject(digest)
      return subject && { ...subject, key: { ...subject.key, ...change(subject.key) } }
    },
  }))

/** Faults of API keys. */
export const apiKeys: Readonly<Record<string, Fault>> = {
  'apiKeys.findSubject takes a letter for another': damage(({ findSubject }) => ({
    findSubject: (digest) => findSubject(digest.toLowerCase()),
  })),
  'apiKeys.findSubject knows what has ended': damage(({ findSubject }) => {
    const seen = new Map<string, ApiKeySubject>()
    return {
      async findSubject(digest) {
        const subject = await findSubject(digest)
        if (subject !== null) seen.set(digest, subject)
        return subject ?? seen.get(digest) ?? null
      },
    }
  }),
  'apiKeys.findSubject has the user from a cache': damage(({ findSubject }) => {
    const seen = new Map<string, ApiKeySubject>()
    return {
      async findSubject(digest) {
        const subject = seen.get(digest) ?? (await findSubject(digest))
        if (subject !== null) seen.set(digest, subject)
        return subject
      },
    }
  }),
  'apiKeys.findSubject forgets the scopes': misreads(() => ({ scopes: [] })),
  'apiKeys.findSubject makes a scope of none': misreads(({ scopes }) => ({
    scopes: scopes.length === 0 ? [''] : scopes,
  })),
  'apiKeys.findSubject says that no key was used': misreads(() => ({ lastUsedAt: null })),
  'apiKeys.findSubject has an old version of the keys': damage(({ findSubject }) => ({
    async findSubject(digest) {
      const subject = await findSubject(digest)
      return subject && { ...subject, keysVersion: -1 }
    },
  })),
  'apiKeys.create does not look at the stamp': on('apiKeys', ({ create }, { users }) => ({
    async create(key, condition, storedWith) {
      const { securityStamp = '' } = (await users.findById(key.userId)) ?? {}
      return await create(key, { ...condition, securityStamp }, storedWith)
    },
  })),
  'apiKeys.create does not count': damage(({ create }) => ({
    create: (key, condition, storedWith) => create(key, { ...condition, most: 999 }, storedWith),
  })),
  'apiKeys.create counts, and stores a moment later': damage(({ create, listByUser }) => ({
    async create(key, { most, securityStamp }, storedWith) {
      if ((await listByUser(key.userId)).length >= most) return false
      await aMoment()
      return await create(key, { securityStamp, most: 999 }, storedWith)
    },
  })),
  'apiKeys.create counts everybody’s': damage((port) => {
    let made = 0
    return {
      async create(key, { most, securityStamp }, storedWith) {
        const created = await port.create(key, { securityStamp, most: most - made }, storedWith)
        if (created) made++
        return created
      },
    }
  }),
  'apiKeys.create drops its event': damage(({ create }) => ({
    create: (key, condition) => create(key, condition),
  })),
  'apiKeys.create stores its event anyway': on('apiKeys', ({ create }, { events }) => ({
    async create(key, condition, { event } = {}) {
      if (event) await events.append(event)
      return await create(key, condition)
    },
  })),
  'apiKeys.create looks at the user, and stores a moment later': on(
    'apiKeys',
    ({ create }, { users }) => ({
      async create(key, condition, storedWith) {
        const before = await users.findById(key.userId)
        if (!before?.active || before.securityStamp !== condition.securityStamp) return false
        await aMoment()
        const { securityStamp = '' } = (await users.findById(key.userId)) ?? {}
        return await create(key, { ...condition, securityStamp }, storedWith)
      },
    }),
  ),
  'apiKeys.listByUser is in reverse': damage(({ listByUser }) => ({
    listByUser: async (userId) => (await listByUser(userId)).toReversed(),
  })),
  'apiKeys.listByUser leaves out what has expired': damage(({ listByUser }) => ({
    listByUser: async (userId) => (await listByUser(userId)).filter((key) => key.expiresAt > 5),
  })),
  'apiKeys.touch notes every use': damage(({ touch }) => ({
    touch: (id, now) => touch(id, now, now + 1),
  })),
  'apiKeys.touch notes the first use alone': damage(({ touch }) => {
    const used = new Set<string>()
    return {
      async touch(id, now, since) {
        if (used.has(id)) return false
        used.add(id)
        return await touch(id, now, since)
      },
    }
  }),
  'apiKeys.touch says that it noted what it did not': damage(({ touch }) => ({
    touch: (...args) => touch(...args).then(() => true),
  })),
  'apiKeys.touch notes another time': damage(({ touch }) => ({
    touch: (id, now, since) => touch(id, now - 1, since),
  })),
  'apiKeys.remove ends what is anybody’s': on('apiKeys', ({ remove, listByUser }, { users }) => ({
    async remove(userId, id, storedWith) {
      for (const user of await users.list({ limit: 10_000 })) {
        const keys = await listByUser(user.id)
        if (keys.some((key) => key.id === id)) return await remove(user.id, id, storedWith)
      }
      return await remove(userId, id, storedWith)
    },
  })),
  'apiKeys.remove ends all of the user': damage(({ remove, listByUser }) => ({
    async remove(userId, id, storedWith) {
      const removed = await remove(userId, id, storedWith)
      if (removed) for (const key of await listByUser(userId)) await remove(userId, key.id)
      return removed
    },
  })),
  'apiKeys.remove says that it ended what it did not': damage(({ remove }) => ({
    remove: (...args) => remove(...args).then(() => true),
  })),
  'apiKeys.remove drops its event': damage(({ remove }) => ({
    remove: (userId, id) => remove(userId, id),
  })),
  'apiKeys.remove stores its event anyway': on('apiKeys', ({ remove }, { events }) => ({
    async remove(userId, id, { event } = {}) {
      if (event) await events.append(event)
      return await remove(userId, id)
    },
  })),
  'apiKeys.expiring has those that were told': damage((port) => {
    const seen: ApiKeyRecord[] = []
    return {
      async expiring(from, until, limit) {
        const found = await port.expiring(from, until, limit)
        const ids = new Set(found.map(({ id }) => id))
        const told = seen.filter(({ id, expiresAt }) => !ids.has(id) && expiresAt <= until)
        seen.push(...found)
        return [...told, ...found].slice(0, limit)
      },
    }
  }),
  'apiKeys.expiring has those that expire later': damage(({ expiring }) => ({
    expiring: (from, until, limit) => expiring(from, until + 1, limit),
  })),
  'apiKeys.expiring has those that have expired': damage(({ expiring }) => ({
    expiring: (from, until, limit) => expiring(from - 1, until, limit),
  })),
  'apiKeys.expiring leaves out the last instant': damage(({ expiring }) => ({
    expiring: (from, until, limit) => expiring(from, until - 1, limit),
  })),
  'apiKeys.expiring is in reverse': damage(({ expiring }) => ({
    expiring: async (...args) => (await expiring(...args)).toReversed(),
  })),
  'apiKeys.tellExpiry says that nobody was told': damage(({ tellExpiry }) => ({
    tellExpiry: (...args) => tellExpiry(...args).then(() => true),
  })),
  'apiKeys.tellExpiry drops its event': damage(({ tellExpiry }) => ({
    tellExpiry: (id) => tellExpiry(id),
  })),
  'apiKeys.prune leaves one': damage(({ prune }) => ({
    prune: (before, limit) => prune(before, Math.max(limit - 1, 0)),
  })),
  'apiKeys.prune takes what expires at that instant': damage(({ prune }) => ({
    prune: (before, limit) => prune(before + 1, limit),
  })),
  'apiKeys.prune knows no limit': damage(({ prune }) => ({
    prune: (before) => prune(before, 9999),
  })),
  'apiKeys stay when a change ends them': (store) => {
    const strip = <Options extends object>(options: Options | undefined): Options | undefined =>
      options && { ...options, endsApiKeysOf: undefined }
    const { users } = store
    return {
      ...store,
      users: {
        ...users,
        update: (id, changes, options) => users.update(id, changes, strip(options)),
        replacePasswordHash: (id, from, to, options) =>
          users.replacePasswordHash(id, from, to, strip(options)),
      },
    }
  },
  'apiKeys end with a change that is not made': (store) => {
    const { users, apiKeys: keys } = store as Required<typeof store>
    return {
      ...store,
      apiKeys: keys,
      users: {
        ...users,
        async update(id, changes, options) {
          for (const key of await keys.listByUser(options?.endsApiKeysOf ?? '')) {
            await keys.remove(key.userId, key.id)
          }
          return await users.update(id, changes, options)
        },
      },
    }
  },
}
