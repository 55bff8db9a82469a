import { randomUUID } from 'node:crypto'
import { ConflictError } from '../../core/errors.ts'
import type { StoredWith } from '../../core/mail/stored-with.ts'
import type { WholeStore } from './optional.ts'
import { addUser, aSession, aToken, aUser, now, unique } from './records.ts'

/** Makes a change. True if it was made, false if there is nothing to change, or it is refused. */
type Make = (store: WholeStore, storedWith: StoredWith) => Promise<boolean>

/** A change that something is stored with. */
export interface PreparedChange {
  readonly make: Make
  isMade(store: WholeStore): Promise<boolean>
  /** The same where there is nothing to change, or where it is refused. */
  readonly vain: readonly Make[]
}

/** False if it is refused for another reason than the token. */
async function isMade(change: Promise<unknown>): Promise<boolean> {
  try {
    const result = await change
    return result !== false && result !== null
  } catch (error) {
    if (error instanceof ConflictError && error.code !== 'token_ended') return false
    throw error
  }
}

/** Every write that takes what is stored with it, by name. */
export function changesOf(): Readonly<
  Record<string, (store: WholeStore) => Promise<PreparedChange>>
> {
  return {
    'users.create': async (store) => {
      const [user, { username }] = [aUser(), await addUser(store)]
      return {
        make: ({ users }, storedWith) => isMade(users.create(user, storedWith)),
        isMade: async ({ users }) => (await users.findById(user.id)) !== null,
        vain: [({ users }, storedWith) => isMade(users.create(aUser({ username }), storedWith))],
      }
    },
    'users.update': async (store) => {
      const { id, securityStamp: ifStamp } = await addUser(store)
      const changes = { role: unique('role') }
      return {
        make: ({ users }, storedWith) =>
          isMade(users.update(id, changes, { ifStamp, ...storedWith })),
        isMade: async ({ users }) => (await users.findById(id))?.role === changes.role,
        vain: [
          ({ users }, storedWith) => isMade(users.update(randomUUID(), changes, storedWith)),
          ({ users }, storedWith) =>
            isMade(users.update(id, changes, { ifStamp: 'another', ...storedWith })),
        ],
      }
    },
    'users.update, of a role that must keep one': async (store) => {
      const { id, keepOneActiveIn, last } = await twoOfARole(store)
      return {
        make: ({ users }, storedWith) =>
          isMade(users.update(id, { active: false }, { keepOneActiveIn, ...storedWith })),
        isMade: async ({ users }) => (await users.findById(id))?.active === false,
        vain: [
          ({ users }, storedWith) =>
            isMade(users.update(last.id, { active: false }, { ...last.guard, ...storedWith })),
        ],
      }
    },
    'users.update, keeping a session': async (store) => {
      const user = await addUser(store)
      const session = aSession(user)
      await store.sessions.create(session)
      const { id, securityStamp: ifStamp } = user
      const changes = { securityStamp: unique('renewed') }
      const guard = { ifStamp, keepSession: { id: session.id } }
      return {
        make: ({ users }, storedWith) =>
          isMade(users.update(id, changes, { ...guard, ...storedWith })),
        isMade: async ({ sessions }) =>
          (await sessions.find(session.id))?.securityStamp === changes.securityStamp,
        vain: [
          ({ users }, storedWith) =>
            isMade(users.update(randomUUID(), changes, { ...guard, ...storedWith })),
        ],
      }
    },
    'users.replacePasswordHash': async (store) => {
      const { id, passwordHash: from } = await addUser(store)
      const to = unique('new')
      return {
        make: ({ users }, storedWith) =>
          isMade(users.replacePasswordHash(id, from, to, storedWith)),
        isMade: async ({ users }) => (await users.findById(id))?.passwordHash === to,
        vain: [
          ({ users }, storedWith) =>
            isMade(users.replacePasswordHash(id, 'another', to, storedWith)),
        ],
      }
    },
    'users.replacePasswordHash, keeping a session': async (store) => {
      const user = await addUser(store)
      const session = aSession(user)
      await store.sessions.create(session)
      const { id, passwordHash: from, securityStamp: oldSecurityStamp } = user
      const securityStamp = unique('renewed')
      const renewal = { oldSecurityStamp, securityStamp, keepSession: { id: session.id } }
      const stale = { ...renewal, oldSecurityStamp: 'another' }
      return {
        make: ({ users }, storedWith) =>
          isMade(users.replacePasswordHash(id, from, 'new', { renewal, ...storedWith })),
        isMade: async ({ sessions }) =>
          (await sessions.find(session.id))?.securityStamp === securityStamp,
        vain: [
          ({ users }, storedWith) =>
            isMade(users.replacePasswordHash(id, from, 'new', { renewal: stale, ...storedWith })),
        ],
      }
    },
    'users.remove': async (store) => {
      const { id, keepOneActiveIn, last } = await twoOfARole(store)
      return {
        make: ({ users }, storedWith) =>
          isMade(users.remove(id, { keepOneActiveIn, ...storedWith })),
        isMade: async ({ users }) => (await users.findById(id)) === null,
        vain: [
          ({ users }, storedWith) => isMade(users.remove(randomUUID(), storedWith)),
          ({ users }, storedWith) =>
            isMade(users.remove(last.id, { ...last.guard, ...storedWith })),
        ],
      }
    },
    'oneTimeTokens.put': async () => {
      const token = aToken()
      const ofNobody = aToken({ userId: randomUUID(), securityStamp: 'none' })
      return {
        make: ({ oneTimeTokens }, storedWith) => oneTimeTokens.put(token, storedWith),
        isMade: async ({ oneTimeTokens }) => (await oneTimeTokens.find(token.digest, now)) !== null,
        vain: [({ oneTimeTokens }, storedWith) => oneTimeTokens.put(ofNobody, storedWith)],
      }
    },
    'oneTimeTokens.end': async ({ oneTimeTokens }) => {
      const token = aToken()
      await oneTimeTokens.put(token)
      const { digest, kind, subject } = token
      return {
        make: (store, storedWith) => store.oneTimeTokens.end(kind, subject, storedWith),
        isMade: async (store) => (await store.oneTimeTokens.find(digest, now)) === null,
        vain: [(store, storedWith) => store.oneTimeTokens.end('invitation', subject, storedWith)],
      }
    },
  }
}

interface Guard {
  readonly keepOneActiveIn: readonly string[]
}

/** One of two active users of a role, and the only one of another. */
async function twoOfARole(store: WholeStore): Promise<{
  readonly id: string
  readonly keepOneActiveIn: readonly string[]
  readonly last: { readonly id: string; readonly guard: Guard }
}> {
  const [role, lastRole] = [unique('role'), unique('role')]
  const [{ id }, , last] = [
    await addUser(store, { role }),
    await addUser(store, { role }),
    await addUser(store, { role: lastRole }),
  ] as const
  return {
    id,
    keepOneActiveIn: [role],
    last: { id: last.id, guard: { keepOneActiveIn: [lastRole] } },
  }
}
