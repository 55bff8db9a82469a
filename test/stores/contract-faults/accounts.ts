import { ConflictError } from '../../../src/core/errors.ts'
import type { UserRecord } from '../../../src/core/users/user-store.ts'
import { aMoment, type Fault, on } from './fault.ts'

const isTaken = (error: unknown): boolean =>
  error instanceof ConflictError && error.code === 'email_taken'

const without = { email: null, emailKey: null, emailVerifiedAt: null }

/** Loses something of a user who is created. */
const lose = (changes: Partial<UserRecord>): Fault =>
  on('users', ({ create }) => ({
    create: (user, storedWith) => create({ ...user, ...changes }, storedWith),
  }))

/** Faults of addresses, fields and dates of users, and of changes that look at the stamp. */
export const accounts: Readonly<Record<string, Fault>> = {
  'users.create loses the address as it was typed': lose({ email: null }),
  'users.create loses the address': lose({ emailKey: null }),
  'users.create loses that an address was verified': lose({ emailVerifiedAt: null }),
  'users.create loses the end of a suspension': lose({ suspendedUntil: null }),
  'users.create loses the date of a deletion': lose({ deleteAt: null }),
  'users.create loses the fields': lose({ fields: {} }),
  'users.create stores a user without the address that is taken': on('users', ({ create }) => ({
    async create(user, storedWith) {
      try {
        await create(user, storedWith)
      } catch (error) {
        if (!isTaken(error)) throw error
        await create({ ...user, ...without }, storedWith)
      }
    },
  })),
  'users.create says that the name is taken for the address': on('users', ({ create }) => ({
    async create(user, storedWith) {
      try {
        await create(user, storedWith)
      } catch (error) {
        throw isTaken(error) ? new ConflictError('username_taken') : error
      }
    },
  })),
  'users.create verifies an address once, whoever leaves it': on('users', ({ create }) => {
    const seen = new Set<string>()
    return {
      async create(user, storedWith) {
        const { emailKey, emailVerifiedAt } = user
        if (emailKey !== null && emailVerifiedAt !== null) {
          if (seen.has(emailKey)) throw new ConflictError('email_taken')
          seen.add(emailKey)
        }
        await create(user, storedWith)
      },
    }
  }),
  'users.create lets no address be twice, verified or not': on('users', ({ create, list }) => ({
    async create(user, storedWith) {
      const all = user.emailKey === null ? [] : await list({ limit: 100_000 })
      const isThere = all.some(({ emailKey }) => emailKey === user.emailKey)
      if (isThere) throw new ConflictError('email_taken')
      await create(user, storedWith)
    },
  })),
  'users.createMany stores those without the address that is taken': on(
    'users',
    ({ createMany }) => ({
      async createMany(many, eventOf) {
        const created = await createMany(many, eventOf)
        const left = many.filter(({ username }) => !created.includes(username))
        const stored = await createMany(left.map((user) => ({ ...user, ...without })))
        return [...created, ...stored]
      },
    }),
  ),
  'users.update says nothing of an address that is taken': on('users', ({ update, findById }) => ({
    async update(id, changes, options) {
      try {
        return await update(id, changes, options)
      } catch (error) {
        if (isTaken(error)) return await findById(id)
        throw error
      }
    },
  })),
  'users.update changes the rest though an address is taken': on('users', ({ update }) => ({
    async update(id, { role, ...changes }, options) {
      if (role !== undefined) await update(id, { role }, options)
      return await update(id, { ...changes, ...(role !== undefined && { role }) }, options)
    },
  })),
  'users.update takes their own name for taken': on('users', ({ update, findByUsername }) => ({
    async update(id, changes, options) {
      const { username } = changes
      const isThere = username !== undefined && (await findByUsername(username)) !== null
      if (isThere) throw new ConflictError('username_taken')
      return await update(id, changes, options)
    },
  })),
  'users.update lets the token that a retry ended be repeated': (store) => {
    const { update } = store.users
    const { find } = store.sessions
    const kept = new Set<string>()
    return {
      ...store,
      users: {
        ...store.users,
        async update(id, changes, options = {}) {
          kept.add(options.keepSession?.id ?? '')
          return await update(id, changes, options)
        },
      },
      sessions: {
        ...store.sessions,
        async find(id) {
          const session = await find(id)
          return session && { ...session, ...(kept.has(id) && { retryOf: session.generation }) }
        },
      },
    }
  },
  'users.update keeps the old name': on('users', ({ update }) => ({
    async update(id, { username: _, ...changes }, options) {
      return await update(id, changes, options)
    },
  })),
  'users.update adds to the fields': on('users', ({ update, findById }) => ({
    async update(id, { fields, ...changes }, options) {
      if (fields === undefined) return await update(id, changes, options)
      const all = { ...(await findById(id))?.fields, ...fields }
      return await update(id, { ...changes, fields: all }, options)
    },
  })),
  'users.update does not look at the stamp': on('users', ({ update }) => ({
    update: (id, changes, { ifStamp: _, ...options } = {}) => update(id, changes, options),
  })),
  'users.update does not look whether the user is active': on('users', (port) => ({
    async update(id, changes, { ifStamp, ...options } = {}) {
      const user = await port.findById(id)
      if (ifStamp !== undefined && user?.securityStamp !== ifStamp) return null
      const isIdle = user?.active === false
      return await port.update(id, changes, {
        ...options,
        ...(ifStamp !== undefined && !isIdle && { ifStamp }),
      })
    },
  })),
  'users.update keeps no session': on('users', ({ update }) => ({
    update: (id, changes, { keepSession: _, ...options } = {}) => update(id, changes, options),
  })),
  'users.update keeps the newest session too': on('users', ({ update }, { sessions }) => ({
    async update(id, changes, options = {}) {
      const [session] = await sessions.listByUser(id, 0, 0)
      const keepSession = options.keepSession ?? session
      return await update(id, changes, { ...options, ...(keepSession && { keepSession }) })
    },
  })),
  'users.remove does not look at the stamp': on('users', ({ remove }) => ({
    remove: (id, { ifStamp: _, ...options } = {}) => remove(id, options),
  })),
  'users.remove does not look at the date of the deletion': on('users', ({ remove }) => ({
    remove: (id, { ifDueBy: _, ...options } = {}) => remove(id, options),
  })),
  'users.remove removes a second early': on('users', ({ remove }) => ({
    remove: (id, { ifDueBy, ...options } = {}) =>
      remove(id, { ...options, ...(ifDueBy !== undefined && { ifDueBy: ifDueBy + 1 }) }),
  })),
  'users.remove looks at the date, and removes a moment later': on('users', (port) => ({
    async remove(id, { ifDueBy, ...options } = {}) {
      if (ifDueBy !== undefined) {
        const { deleteAt } = (await port.findById(id)) ?? { deleteAt: null }
        if (deleteAt === null || deleteAt > ifDueBy) return false
        await aMoment()
      }
      return await port.remove(id, options)
    },
  })),
  'users.update does not look at the date of the deletion': on('users', ({ update }) => ({
    update: (id, changes, { ifDueBy: _, ...options } = {}) => update(id, changes, options),
  })),
  'users.findByEmail finds what nobody has verified': on('users', ({ findByEmail, list }) => ({
    async findByEmail(key) {
      const all = await list({ limit: 100_000 })
      return (await findByEmail(key)) ?? all.find(({ emailKey }) => emailKey === key) ?? null
    },
  })),
  'users.findByEmail takes a letter for another': on('users', ({ findByEmail }) => ({
    findByEmail: (key) => findByEmail(key.toLowerCase()),
  })),
  'users.findById gives fields that can be changed': on('users', ({ findById }) => ({
    findById: async (id) => structuredClone(await findById(id)),
  })),
  'users.dueForDeletion is a second late': on('users', ({ dueForDeletion }) => ({
    dueForDeletion: (now, limit) => dueForDeletion(now - 1, limit),
  })),
  'users.dueForDeletion gives one more than its limit': on('users', ({ dueForDeletion }) => ({
    dueForDeletion: (now, limit) => dueForDeletion(now, limit + 1),
  })),
  'users.dueForDeletion begins with the newest': on('users', ({ dueForDeletion }) => ({
    dueForDeletion: async (now, limit) => (await dueForDeletion(now, limit)).toReversed(),
  })),
  'identities.createUser creates a user whose address is taken': on(
    'identities',
    ({ createUser }) => ({
      async createUser(issuer, subject, user, event) {
        try {
          return await createUser(issuer, subject, user, event)
        } catch (error) {
          if (!isTaken(error)) throw error
          return await createUser(issuer, subject, { ...user, ...without }, event)
        }
      },
    }),
  ),
}
