import { randomUUID } from 'node:crypto'
import { ConflictError } from '../../core/errors.ts'
import type { AuthEvent } from '../../core/events/event-store.ts'
import type { Store } from '../../core/store.ts'
import { aClient, addUser, aKey, aSession, aUser, now } from './records.ts'

/** One call of each write that takes an event. */
export type Write<Opened extends Store = Store> = (
  store: Opened,
  event: AuthEvent,
) => Promise<unknown>

/** False if what was to be created is taken. */
async function isFree(created: Promise<void>): Promise<boolean> {
  try {
    await created
    return true
  } catch (error) {
    if (error instanceof ConflictError) return false
    throw error
  }
}

/** True for a write that, of many at the same time, changes something once: others repeat what they change. */
export function isOnce(name: string): boolean {
  return !/^users\.update|^clients\.replaceSecretHash|^sessions\.reauth/.test(name)
}

/** Writes that change something, once, by name. */
export function writesOf(): Readonly<Record<string, (store: Store) => Promise<Write>>> {
  const identity = (userId: string) => ({
    issuer: 'https://sso.example.com/',
    subject: randomUUID(),
    userId,
    createdAt: now,
  })
  return {
    'users.create': async () => {
      const user = aUser()
      return ({ users }, event) => isFree(users.create(user, { event }))
    },
    'users.createMany': async () => {
      const many = [aUser(), aUser()]
      return async ({ users }, event) => (await users.createMany(many, () => event)).length > 0
    },
    'users.update, of a role that must keep one': async (store) => {
      const { id } = await addUser(store)
      let done = false
      return async ({ users }, event) => {
        const result = await users.update(
          done ? 'nobody' : id,
          { role: 'x' },
          { keepOneActiveIn: ['admin'], event },
        )
        done = result !== null
        return result
      }
    },
    'users.update': async (store) => {
      const { id } = await addUser(store)
      let done = false
      return async ({ users }, event) => {
        const result = await users.update(done ? 'nobody' : id, { active: false }, { event })
        done = result !== null
        return result
      }
    },
    'users.replacePasswordHash': async (store) => {
      const { id, passwordHash } = await addUser(store)
      return ({ users }, event) =>
        users.replacePasswordHash(id, passwordHash as string, 'new', { event })
    },
    'users.replacePasswordHash, keeping a session': async (store) => {
      const user = await addUser(store)
      const session = aSession(user)
      await store.sessions.create(session)
      const renewal = {
        oldSecurityStamp: user.securityStamp,
        securityStamp: 'new',
        keepSession: { id: session.id },
      }
      return ({ users }, event) =>
        users.replacePasswordHash(user.id, user.passwordHash as string, 'new', { renewal, event })
    },
    'users.remove': async (store) => {
      const { id } = await addUser(store)
      return ({ users }, event) => users.remove(id, { keepOneActiveIn: ['admin'], event })
    },
    'sessions.revoke': async (store) => {
      const user = await addUser(store)
      const session = aSession(user)
      await store.sessions.create(session)
      return ({ sessions }, event) => sessions.revoke(session.id, now, { userId: user.id, event })
    },
    'sessions.revoke, whosever it is': async (store) => {
      const session = aSession(await addUser(store))
      await store.sessions.create(session)
      return ({ sessions }, event) => sessions.revoke(session.id, now, { event })
    },
    'sessions.reauthenticate': async (store) => {
      const user = await addUser(store)
      const session = aSession(user)
      await store.sessions.create(session)
      const { id: userId, securityStamp } = user
      const again = { userId, securityStamp, idleSince: 0, authenticatedAt: now, acr: 'x', amr: [] }
      let done = false
      return async ({ sessions }, event) => {
        const id = done ? 'nobody' : session.id
        const result = await sessions.reauthenticate({ ...again, id }, event)
        done = result !== null
        return result
      }
    },
    'identities.unlink': async (store) => {
      const { id } = await addUser(store)
      const linked = identity(id)
      await store.identities.link(linked)
      return ({ identities }, event) => identities.unlink(id, linked.issuer, linked.subject, event)
    },
    'identities.link': async (store) => {
      const { id } = await addUser(store)
      const link = identity(id)
      return async ({ identities }, event) => (await identities.link(link, event)) === 'linked'
    },
    'identities.createUser': async () => {
      const user = aUser()
      const { issuer, subject } = identity(user.id)
      return ({ identities }, event) => identities.createUser(issuer, subject, user, event)
    },
    'clients.create': async () => {
      const client = aClient()
      return ({ clients }, event) => isFree(clients.create(client, event))
    },
    'clients.replace': async (store) => {
      const before = aClient()
      await store.clients.create(before)
      return ({ clients }, event) => clients.replace(before, { ...before, name: 'New' }, event)
    },
    'clients.replaceSecretHash': async (store) => {
      const { id } = aClient()
      await store.clients.create(aClient({ id }))
      let done = false
      return async ({ clients }, event) => {
        const result = await clients.replaceSecretHash(done ? 'nobody' : id, 'new', event)
        done ||= result
        return result
      }
    },
    'clients.remove': async (store) => {
      const client = aClient()
      await store.clients.create(client)
      return ({ clients }, event) => clients.remove(client.id, event)
    },
    'signingKeys.change': async (store) => {
      const from = await store.signingKeys.version()
      const change = { put: [aKey()], remove: [] }
      return ({ signingKeys }, event) => signingKeys.change(from, change, [event])
    },
  }
}
