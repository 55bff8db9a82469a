import type { SessionStore } from '../../../src/core/sessions/session-store.ts'
import { aMoment, type Fault, on } from './fault.ts'

const damage = (change: (port: SessionStore) => Partial<SessionStore>): Fault =>
  on('sessions', change)

const long = 1e12

/** Ends what was opened through a session, as far as that is known by now. */
async function endThese(
  { find, revoke }: SessionStore,
  ids: readonly string[],
  now: number,
): Promise<void> {
  for (const id of ids) if (!(await find(id))?.offline) await revoke(id, now)
}

/** Faults of the sessions of browsers, and of what was opened through them. */
export const browserSessions: Readonly<Record<string, Fault>> = {
  'sessions.create takes an ended parent': damage(({ create, find }) => {
    const parents = new Map<string, string>()
    return {
      async create(session, event) {
        if (!(await create({ ...session, parentId: null }, event))) return false
        if (session.parentId !== null) parents.set(session.id, session.parentId)
        return true
      },
      async find(id) {
        const session = await find(id)
        return session && { ...session, parentId: parents.get(id) ?? null }
      },
    }
  }),
  'sessions.create forgets what a session is of': damage(({ create }) => ({
    create: (session, event) => create({ ...session, kind: 'login' }, event),
  })),
  'sessions.create forgets that a session is offline': damage(({ create }) => ({
    create: (session, event) => create({ ...session, offline: false }, event),
  })),
  'sessions.revoke leaves what it opened': damage(({ revoke }) => ({
    revoke: (id, now, options) => revoke(id, now, { ...options, withChildren: false }),
  })),
  'sessions.revoke always takes along what it opened': damage(({ revoke }) => ({
    revoke: (id, now, options) => revoke(id, now, { ...options, withChildren: true }),
  })),
  'sessions.revoke ends the offline, too': damage((port) => ({
    async revoke(id, now, options) {
      const children = await port.listChildren(id, 'client', now)
      const revoked = await port.revoke(id, now, options)
      if (revoked && options?.withChildren)
        for (const { id } of children) await port.revoke(id, now)
      return revoked
    },
  })),
  'sessions.revoke looks at what it opened, and ends that a moment later': damage((port) => ({
    async revoke(id, now, options = {}) {
      if (!options.withChildren) return await port.revoke(id, now, options)
      const children = await port.listChildren(id, 'client', now)
      await aMoment()
      const revoked = await port.revoke(id, now, { ...options, withChildren: false })
      if (revoked)
        await endThese(
          port,
          children.map((child) => child.id),
          now,
        )
      return revoked
    },
  })),
  'sessions.revoke ends what another’s opened': damage((port) => ({
    async revoke(id, now, options = {}) {
      const children = await port.listChildren(id, 'client', now)
      const revoked = await port.revoke(id, now, options)
      if (!revoked && options.withChildren) {
        await endThese(
          port,
          children.map((child) => child.id),
          now,
        )
      }
      return revoked
    },
  })),
  'sessions.revoke ends what one client has alone': damage((port) => ({
    async revoke(id, now, options = {}) {
      const children = options.withChildren ? await port.listChildren(id, 'client', now) : []
      const revoked = await port.revoke(id, now, { ...options, withChildren: false })
      await endThese(port, revoked ? children.map((child) => child.id) : [], now)
      return revoked
    },
  })),
  'sessions.touch touches nothing': damage(({ touch, find }) => ({
    async touch(id, now, idleSince) {
      const session = await find(id)
      return session !== null && session.rotatedAt >= now ? await touch(id, now, idleSince) : true
    },
  })),
  'sessions.touch takes an idle session': damage(({ touch }) => ({
    touch: (id, now) => touch(id, now, 0),
  })),
  'sessions.touch takes an expired session': damage(({ touch, find }) => ({
    async touch(id, now, idleSince) {
      const { expiresAt = long } = (await find(id)) ?? {}
      return await touch(id, Math.min(now, expiresAt - 1), idleSince)
    },
  })),
  'sessions.touch refuses the last second': damage(({ touch }) => ({
    touch: async (id, now, idleSince) => (await touch(id, now + 1, idleSince)) && touch(id, now, 0),
  })),
  'sessions.touch makes another generation': damage(({ touch, find, rotate }) => ({
    async touch(id, now, idleSince) {
      const session = await find(id)
      if (session === null || !(await touch(id, now, idleSince))) return false
      const { generation, clientId } = session
      return (await rotate({ id, generation, clientId, now, idleSince: 0 })) !== null
    },
  })),
  'sessions.reauthenticate takes any generation': damage(({ reauthenticate, find }) => ({
    async reauthenticate({ generation, ...changes }, event) {
      const now = (await find(changes.id))?.generation
      return await reauthenticate({ ...changes, generation: generation && now }, event)
    },
  })),
  'sessions.reauthenticate keeps the generation': damage(({ reauthenticate, find }) => ({
    async reauthenticate({ generation, ...changes }, event) {
      const session = await find(changes.id)
      if (generation !== undefined && session?.generation !== generation) return null
      return await reauthenticate(changes, event)
    },
  })),
  'sessions.listChildren lists the expired': damage(({ listChildren }) => ({
    listChildren: (parentId, clientId) => listChildren(parentId, clientId, 0),
  })),
  'sessions.listChildren leaves out the last second': damage(({ listChildren }) => ({
    listChildren: (parentId, clientId, now) => listChildren(parentId, clientId, now + 1),
  })),
  'sessions.listChildren leaves out the offline': damage(({ listChildren }) => ({
    listChildren: async (...args) => (await listChildren(...args)).filter((each) => !each.offline),
  })),
  'sessions.listChildren begins with the oldest': damage(({ listChildren }) => ({
    listChildren: async (...args) => (await listChildren(...args)).toReversed(),
  })),
  'sessions.listChildren lists those of every client': damage(({ listChildren }) => ({
    async listChildren(parentId, clientId, now) {
      const all = [clientId, 'other'].map((each) => listChildren(parentId, each, now))
      return (await Promise.all(all)).flat().sort((one, two) => (one.id < two.id ? 1 : -1))
    },
  })),
  'sessions.listChildren lists those of every browser': damage((port) => ({
    async listChildren(parentId, clientId, now) {
      const { userId = '' } = (await port.find(parentId)) ?? {}
      const all = await port.listByUser(userId, now, 0)
      return all.filter((each) => each.clientId === clientId && each.parentId !== null)
    },
  })),
  'sessions.revokeByClient counts those of browsers': damage(({ revokeByClient }) => ({
    revokeByClient: (clientId, now, limit) =>
      clientId.includes(':') ? Promise.resolve(1) : revokeByClient(clientId, now, limit),
  })),
  'sessions.trim lets what has ended push out what is live': damage((port) => ({
    async trim(userId, keep) {
      const live = await port.listByUser(userId, 0, 0)
      return await port.trim(userId, Math.min(keep, live.length - 1))
    },
  })),
  'sessions.trim leaves what a browser opened': damage(({ trim, find, listByUser }) => {
    const gone = new Map<string, NonNullable<Awaited<ReturnType<SessionStore['find']>>>>()
    return {
      async trim(userId, keep) {
        for (const each of await listByUser(userId, 0, 0)) {
          if (each.parentId !== null) gone.set(each.id, each)
        }
        return await trim(userId, keep)
      },
      find: async (id) => (await find(id)) ?? gone.get(id) ?? null,
    }
  }),
}
