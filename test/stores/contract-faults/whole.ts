import { randomBytes } from 'node:crypto'
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
