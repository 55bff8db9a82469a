import { aMoment, type Fault, on } from './fault.ts'

/** Faults of users. */
export const users: Readonly<Record<string, Fault>> = {
  'users.create says nothing of a name that is taken': on('users', ({ create }) => ({
    create: (user, event) => create(user, event).catch(() => {}),
  })),
  'users.createMany says that all were created': on('users', ({ createMany }) => ({
    async createMany(many, eventOf) {
      await createMany(many, eventOf)
      return many.map(({ username }) => username)
    },
  })),
  'users.takenAmong takes all for taken': on('users', () => ({
    takenAmong: async (usernames) => usernames,
  })),
  'users.createFirst creates a second': on('users', ({ create }) => ({
    createFirst: (user, event) => create(user, { event }).then(() => true),
  })),
  'users.createFirst looks, and creates a moment later': on('users', ({ create, counts }) => ({
    async createFirst(user, event) {
      if ((await counts()).total > 0) return false
      await aMoment()
      await create(user, { event })
      return true
    },
  })),
  'users.createFirst creates nobody': on('users', () => {
    let done = false
    return {
      async createFirst() {
        const isFirst = !done
        done = true
        return isFirst
      },
    }
  }),
  'users.findByUsername takes a letter for another': on('users', ({ findByUsername }) => ({
    findByUsername: (username) => findByUsername(username.toLowerCase()),
  })),
  'users.update changes fields that another call has changed': on('users', ({ update }) => ({
    update: (id, changes, { ifFields: _, ...options } = {}) => update(id, changes, options),
  })),
  'users.update does not keep fields': on('users', ({ update }) => ({
    update: (id, { fields: _, ...changes }, options) => update(id, changes, options),
  })),
  'users.remove does not look at the fields': on('users', ({ remove }) => ({
    remove: (id, { ifFields: _, ...options } = {}) => remove(id, options),
  })),
  'users.list gives one more than its limit': on('users', ({ list }) => ({
    list: (query) => list({ ...query, limit: query.limit + 1 }),
  })),
  'users.list gives one less than its limit': on('users', ({ list }) => ({
    list: (query) => list({ ...query, limit: query.limit - 1 }),
  })),
  'users.list ignores after': on('users', ({ list }) => ({
    list: ({ after: _, ...query }) => list(query),
  })),
  'users.list begins with after': on('users', ({ list }) => ({
    async list({ after = '', limit, ...query }) {
      const all = await list({ ...query, limit: 1_000_000 })
      return all.filter(({ username }) => username >= after).slice(0, limit)
    },
  })),
  'users.list ignores the search': on('users', ({ list }) => ({
    list: ({ search: _, ...query }) => list(query),
  })),
  'users.list searches no addresses': on('users', ({ list }) => ({
    async list(query) {
      const found = await list(query)
      return found.filter(({ username }) => username.includes(query.search ?? ''))
    },
  })),
  'users.list is in reverse': on('users', ({ list }) => ({
    list: async (query) => (await list(query)).toReversed(),
  })),
  'users.counts takes all for active': on('users', ({ counts }) => ({
    counts: async () => ({ ...(await counts()), active: (await counts()).total }),
  })),
  'users.importedHashes gives one more than its limit': on('users', ({ importedHashes }) => ({
    importedHashes: (limit) => importedHashes(limit + 1),
  })),
  'users.pepperIds gives each twice': on('users', ({ pepperIds }) => ({
    pepperIds: async () => (await pepperIds()).flatMap((id) => [id, id]),
  })),
  'users.update lets the last active user go': on('users', ({ update }) => ({
    update: (id, changes, options) => update(id, changes, { event: options?.event }),
  })),
  'users.update returns what was before': on('users', ({ update, findById }) => ({
    async update(id, changes, options) {
      const before = await findById(id)
      await update(id, changes, options)
      return before
    },
  })),
  'users.update changes everybody': on('users', ({ update, list }) => ({
    async update(id, changes, options) {
      for (const user of await list({ limit: 10_000 })) await update(user.id, changes)
      return await update(id, changes, options)
    },
  })),
  'users.remove lets the last active user go': on('users', ({ remove }) => ({
    remove: (id, options) => remove(id, { event: options?.event }),
  })),
  'users.remove deactivates alone': on('users', ({ update }) => ({
    remove: async (id, options) => (await update(id, { active: false }, options)) !== null,
  })),
  'users.replacePasswordHash replaces another than was read': on('users', (port) => ({
    async replacePasswordHash(id, _from, to, options) {
      const user = await port.findById(id)
      return await port.replacePasswordHash(id, user?.passwordHash ?? null, to, options)
    },
  })),
  'users.replacePasswordHash looks, and replaces a moment later': on('users', (port) => ({
    async replacePasswordHash(id, from, to, options) {
      if ((await port.findById(id))?.passwordHash !== from) return false
      await aMoment()
      await port.update(id, { passwordHash: from })
      return await port.replacePasswordHash(id, from, to, options)
    },
  })),
  'users.replacePasswordHash does not look at the stamp': on('users', (port) => ({
    async replacePasswordHash(id, from, to, { renewal, event } = {}) {
      const oldSecurityStamp = (await port.findById(id))?.securityStamp ?? ''
      const now = renewal && { ...renewal, oldSecurityStamp }
      return await port.replacePasswordHash(id, from, to, { renewal: now, event })
    },
  })),
  'users.replacePasswordHash keeps a session that is not named': on('users', (port, store) => ({
    async replacePasswordHash(id, from, to, { renewal, event } = {}) {
      const [session] = await store.sessions.listByUser(id, 0, 0)
      const keepSession = renewal?.keepSession ?? session
      const keeping = renewal && { ...renewal, keepSession }
      return await port.replacePasswordHash(id, from, to, { renewal: keeping, event })
    },
  })),
  'users.replacePasswordHash refuses who is inactive': on('users', (port) => ({
    async replacePasswordHash(id, ...rest) {
      const isActive = (await port.findById(id))?.active ?? false
      return isActive && (await port.replacePasswordHash(id, ...rest))
    },
  })),
  'users.replacePasswordHash ends the session that is kept': on('users', (port) => ({
    replacePasswordHash(id, from, to, { renewal, event } = {}) {
      const { keepSession: _, ...rest } = renewal ?? { oldSecurityStamp: '', securityStamp: '' }
      return port.replacePasswordHash(id, from, to, { renewal: renewal && rest, event })
    },
  })),
}
