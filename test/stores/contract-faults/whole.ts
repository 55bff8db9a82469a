import { randomBytes } from 'node:crypto'
import type { ApiKeySubject } from '../../../src/core/api-keys/api-key-store.ts'
import type { Subject } from '../../../src/core/sessions/session-store.ts'
import type { Store } from '../../../src/core/store.ts'
import { keepsCodes } from './authorization-codes.ts'
import type { Fault } from './fault.ts'

/** Faults of the store as a whole. */
export const whole: Readonly<Record<string, Fault>> = {
  'findSubject gives the stamp of any session': (store) => ({
    ...store,
    async findSubject(userId, sessionId) {
      const subject = await store.findSubject(userId, sessionId)
      const session = await store.sessions.find(sessionId ?? '')
      return subject && { ...subject, sessionStamp: session?.securityStamp ?? null }
    },
  }),
  'findSubject knows who is gone': (store) => {
    const seen = new Map<string, Subject>()
    return {
      ...store,
      async findSubject(userId, sessionId) {
        const subject = await store.findSubject(userId, sessionId)
        if (subject !== null) seen.set(userId, subject)
        return seen.get(userId) ?? null
      },
    }
  },
  'findSubject gives an old version of the keys': (store) => ({
    ...store,
    async findSubject(userId, sessionId) {
      const subject = await store.findSubject(userId, sessionId)
      return subject && { ...subject, keysVersion: 1 }
    },
  }),
  'findClientSubject knows no client': (store) => ({
    ...store,
    findClientSubject: async (id) => ({ ...(await store.findClientSubject(id)), client: null }),
  }),
  'findClientSubject knows no epoch': (store) => ({
    ...store,
    findClientSubject: async (id) => ({ ...(await store.findClientSubject(id)), epoch: '' }),
  }),
  'revokeAll drops its event': (store) => ({
    ...store,
    revokeAll: (stamp, now) => store.revokeAll(stamp, now),
  }),
  'revokeAll deactivates all': (store) => ({
    ...store,
    async revokeAll(...args) {
      const users = await store.users.list({ limit: 10_000 })
      for (const { id } of users) await store.users.update(id, { active: false })
      return await store.revokeAll(...args)
    },
  }),
  'revokeAll removes the clients': (store) => ({
    ...store,
    async revokeAll(...args) {
      for (const { id } of await store.clients.list()) await store.clients.remove(id)
      return await store.revokeAll(...args)
    },
  }),
  'revokeAll leaves one-time tokens': (store) => ({
    ...store,
    async revokeAll(...args) {
      const kept = (await store.oneTimeTokens?.list({ kind: 'registration', limit: 10_000 })) ?? []
      const revoked = await store.revokeAll(...args)
      for (const token of kept) await store.oneTimeTokens?.put(token)
      return revoked
    },
  }),
  'revokeAll leaves mails': (store) => ({
    ...store,
    async revokeAll(...args) {
      const kept = (await store.outbox?.claim(args[1] + 200, 0, 10_000)) ?? []
      const revoked = await store.revokeAll(...args)
      for (const mail of kept) await store.outbox?.add(mail)
      return revoked
    },
  }),
  'revokeAll leaves authorization codes': keepsCodes,
  'revokeAll leaves API keys': (store) => {
    const seen = new Map<string, ApiKeySubject>()
    const keys = store.apiKeys as NonNullable<Store['apiKeys']>
    return {
      ...store,
      apiKeys: {
        ...keys,
        async findSubject(digest) {
          const subject = await keys.findSubject(digest)
          return subject ?? seen.get(digest) ?? null
        },
        async create(key, condition, storedWith) {
          const created = await keys.create(key, condition, storedWith)
          const subject = await keys.findSubject(key.digest)
          if (subject !== null) seen.set(key.digest, subject)
          return created
        },
      },
    }
  },
  'revokeAll ends nothing': (store) => ({
    ...store,
    async revokeAll(_stamp, _now, event) {
      if (event) await store.events.append(event)
      return true
    },
  }),
  'keyEncryptionKey is another each time': (store) => ({
    ...store,
    keyEncryptionKey: async () => randomBytes(32),
  }),
}
