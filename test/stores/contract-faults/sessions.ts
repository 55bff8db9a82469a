import type { SessionStore } from '../../../src/core/sessions/session-store.ts'
import { aMoment, type Fault, on } from './fault.ts'

/** A rotation that takes something of the session for given. */
const rotateBy = (name: 'generation' | 'clientId' | 'now' | 'idleSince'): Fault =>
  on('sessions', ({ find, rotate }) => ({
    async rotate(rotation) {
      const session = await find(rotation.id)
      if (session === null) return null
      const given = { ...session, now: rotation.now, idleSince: session.rotatedAt - 1 }
      if (name === 'now') given.now = Math.min(rotation.now, session.expiresAt - 1)
      return await rotate({ ...rotation, [name]: given[name] })
    },
  }))

/** A step-up that takes something of the session for given. */
const reauthenticateBy = (
  name: 'userId' | 'securityStamp' | 'authenticatedAt' | 'idleSince',
): Fault =>
  on('sessions', ({ find, reauthenticate }) => ({
    async reauthenticate(changes, event) {
      const session = await find(changes.id)
      if (session === null) return null
      const given = { ...session, idleSince: session.rotatedAt - 1 }
      given.authenticatedAt = Math.min(changes.authenticatedAt, session.expiresAt - 1)
      return await reauthenticate({ ...changes, [name]: given[name] }, event)
    },
  }))

const prune = (change: (...args: Parameters<SessionStore['prune']>) => typeof args): Fault =>
  on('sessions', ({ prune }) => ({ prune: (...args) => prune(...change(...args)) }))

/** Faults of sessions. */
export const sessions: Readonly<Record<string, Fault>> = {
  'sessions.create takes any stamp': on('sessions', ({ create }, store) => ({
    async create(session, event) {
      const securityStamp = (await store.users.findById(session.userId))?.securityStamp ?? ''
      return await create({ ...session, securityStamp }, event)
    },
  })),
  'sessions.rotate takes any generation': rotateBy('generation'),
  'sessions.rotate takes any client': rotateBy('clientId'),
  'sessions.rotate takes an expired session': rotateBy('now'),
  'sessions.rotate takes an idle session': rotateBy('idleSince'),
  'sessions.rotate looks, and moves on a moment later': on('sessions', ({ find, rotate }) => ({
    async rotate(rotation) {
      if ((await find(rotation.id))?.generation !== rotation.generation) return null
      await aMoment()
      const generation = (await find(rotation.id))?.generation ?? 0
      return await rotate({ ...rotation, generation })
    },
  })),
  'sessions.rotate knows no retry': on('sessions', ({ rotate }) => ({
    rotate: ({ retryOf: _, ...rotation }) => rotate(rotation),
  })),
  'sessions.rotate keeps the last retry': on('sessions', ({ find, rotate }) => ({
    async rotate(rotation) {
      const before = await find(rotation.id)
      return await rotate({
        ...rotation,
        retryOf: rotation.retryOf ?? before?.retryOf ?? undefined,
      })
    },
  })),
  'sessions.rotate refuses the last second': on('sessions', ({ rotate }) => ({
    rotate: (rotation) => rotate({ ...rotation, now: rotation.now + 1 }),
  })),
  'sessions.rotate returns what was before': on('sessions', ({ find, rotate }) => ({
    async rotate(rotation) {
      const before = await find(rotation.id)
      return (await rotate(rotation)) && before
    },
  })),
  'sessions.reauthenticate takes any user': reauthenticateBy('userId'),
  'sessions.reauthenticate takes any stamp': reauthenticateBy('securityStamp'),
  'sessions.reauthenticate takes an expired session': reauthenticateBy('authenticatedAt'),
  'sessions.reauthenticate takes an idle session': reauthenticateBy('idleSince'),
  'sessions.reauthenticate takes one that was refreshed since': on(
    'sessions',
    ({ reauthenticate }) => ({
      reauthenticate: ({ token, ...changes }, event) =>
        reauthenticate(
          { ...changes, ...(token && { token: { ...token, issuedAt: Infinity } }) },
          event,
        ),
    }),
  ),
  'sessions.reauthenticate takes a token that says more than its session': on(
    'sessions',
    ({ reauthenticate }) => ({
      reauthenticate: ({ token, ...changes }, event) =>
        reauthenticate(
          { ...changes, ...(token && { token: { ...token, authenticatedAt: 0 } }) },
          event,
        ),
    }),
  ),
  'sessions.reauthenticate refuses the last second': on('sessions', ({ reauthenticate }) => ({
    async reauthenticate(changes, event) {
      const authenticatedAt = changes.authenticatedAt + 1
      const session = await reauthenticate({ ...changes, authenticatedAt }, event)
      return session && { ...session, authenticatedAt: changes.authenticatedAt }
    },
  })),
  'sessions.reauthenticate stores nothing': on('sessions', ({ find }) => ({
    async reauthenticate({ id, authenticatedAt, acr, amr }) {
      const session = await find(id)
      return session && { ...session, authenticatedAt, acr, amr }
    },
  })),
  'sessions.reauthenticate leaves a token for a retry': on(
    'sessions',
    ({ find, reauthenticate }) => ({
      async reauthenticate(changes, event) {
        const before = await find(changes.id)
        const session = await reauthenticate(changes, event)
        return session && { ...session, retryOf: before?.retryOf ?? null }
      },
    }),
  ),
  'sessions.reauthenticate lets the token that a retry ended be repeated': on(
    'sessions',
    ({ reauthenticate }) => ({
      async reauthenticate(changes, event) {
        const session = await reauthenticate(changes, event)
        return session && { ...session, retryOf: session.generation }
      },
    }),
  ),
  'sessions.reauthenticate takes a retry of before for one of the new token': on(
    'sessions',
    ({ find, reauthenticate }) => ({
      async reauthenticate(changes, event) {
        const before = await find(changes.id)
        const session = await reauthenticate(changes, event)
        if (session === null || changes.generation === undefined) return session
        return { ...session, retryOf: before?.retryOf ?? null }
      },
    }),
  ),
  'sessions.reauthenticate returns what was before': on('sessions', ({ find, reauthenticate }) => ({
    async reauthenticate(changes, event) {
      const before = await find(changes.id)
      return (await reauthenticate(changes, event)) && before
    },
  })),
  'sessions.rotate forgets how the user authenticated': on('sessions', ({ rotate }) => ({
    async rotate(rotation) {
      const session = await rotate(rotation)
      return session && { ...session, authenticatedAt: session.createdAt }
    },
  })),
  'sessions.revoke does not look whose it is': on('sessions', ({ revoke }) => ({
    revoke: (id, now, options) => revoke(id, now, { event: options?.event }),
  })),
  'sessions.revoke revokes nothing': on('sessions', () => ({ revoke: async () => true })),
  'sessions.revoke says that it revoked what was revoked': on('sessions', ({ revoke }) => ({
    revoke: (id, now, options) => revoke(id, now, options).then(() => true),
  })),
  'sessions.revoke looks, and revokes a moment later': on('sessions', ({ find, revoke }) => ({
    async revoke(id, now, options) {
      const session = await find(id)
      if (session === null || session.revokedAt !== null) return false
      if (options?.userId !== undefined && session.userId !== options.userId) return false
      await aMoment()
      await revoke(id, now, options)
      return true
    },
  })),
  'sessions.revokeByClient ends one more than its limit': on('sessions', (port) => ({
    revokeByClient: (id, now, limit) => port.revokeByClient(id, now, limit + 1),
  })),
  'sessions.revokeByClient ends nothing': on('sessions', () => ({
    revokeByClient: async () => 0,
  })),
  'sessions.listByUser lists the expired': on('sessions', ({ listByUser }) => ({
    listByUser: (id, _now, idleSince) => listByUser(id, 0, idleSince),
  })),
  'sessions.listByUser lists the idle': on('sessions', ({ listByUser }) => ({
    listByUser: (id, now) => listByUser(id, now, 0),
  })),
  'sessions.listByUser leaves out the last second': on('sessions', ({ listByUser }) => ({
    listByUser: (id, now, idleSince) => listByUser(id, now + 1, idleSince),
  })),
  'sessions.listByUser begins with the oldest': on('sessions', ({ listByUser }) => ({
    listByUser: async (...args) => (await listByUser(...args)).toReversed(),
  })),
  'sessions.trim keeps one more': on('sessions', ({ trim }) => ({
    trim: (id, keep) => trim(id, keep + 1),
  })),
  'sessions.trim keeps one less': on('sessions', ({ trim }) => ({
    trim: (id, keep) => trim(id, keep - 1),
  })),
  'sessions.trim does not say how many': on('sessions', ({ trim }) => ({
    trim: (id, keep) => trim(id, keep).then(() => 0),
  })),
  'sessions.prune deletes one more than its limit': prune(
    (ended, used, limit) => [...[ended, used, limit + 1]] as [number, number, number],
  ),
  'sessions.prune deletes what ended at the instant': prune((ended, used, limit) => [
    ended + 1,
    used,
    limit,
  ]),
  'sessions.prune deletes what was used at the instant': prune((ended, used, limit) => [
    ended,
    used + 1,
    limit,
  ]),
  'sessions.prune leaves the idle': prune((ended, _used, limit) => [ended, 0, limit]),
  'sessions.prune says its limit': on('sessions', ({ prune }) => ({
    prune: (ended, used, limit) =>
      prune(ended, used, limit).then(() => ({ deleted: limit, seen: limit })),
  })),
  'sessions.prune says that it looked at its limit': on('sessions', ({ prune }) => ({
    prune: (ended, used, limit) =>
      prune(ended, used, limit).then(({ deleted }) => ({ deleted, seen: limit })),
  })),
}
