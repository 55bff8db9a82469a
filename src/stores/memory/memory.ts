import { randomBytes } from 'node:crypto'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import { createMemoryApiKeys } from './api-keys.ts'
import { createMemoryAuthorizationCodes } from './authorization-codes.ts'
import { createMemoryClients } from './clients.ts'
import { createMemoryConsents } from './consents.ts'
import { createMemoryEvents } from './events.ts'
import { createMemoryFactors } from './factors.ts'
import { createMemoryIdentities } from './identities.ts'
import { createMemoryLogoutNotices } from './logout-notices.ts'
import { createMemoryOneTimeTokens } from './one-time-tokens.ts'
import { createMemoryOutbox } from './outbox.ts'
import { createMemorySessions } from './sessions.ts'
import { createMemorySigningKeys } from './signing-keys.ts'
import { createMemoryThrottle } from './throttle.ts'
import { createMemoryUsers } from './users.ts'

/** A store that is gone with the process: for tests and trials. */
export function memory(...nothing: readonly never[]): Store {
  if (nothing.length > 0) throw new TypeError('memory() takes nothing: it keeps no file.')
  const key = randomBytes(32)
  const sessionById = new Map<string, SessionRecord>()
  const events = createMemoryEvents()
  const outbox = createMemoryOutbox(events.add)
  const logoutNotices = createMemoryLogoutNotices()
  const users = createMemoryUsers(
    sessionById,
    forgetUser,
    events.add,
    () => oneTimeTokens.changes,
    logoutNotices.note,
  )
  const oneTimeTokens = createMemoryOneTimeTokens(users.read, events.add, outbox, (userId) =>
    apiKeys.forget((key) => key.userId === userId),
  )
  const identities = createMemoryIdentities(users, events.add)
  const signingKeys = createMemorySigningKeys(events.add)
  const apiKeys = createMemoryApiKeys(users.read, signingKeys.current, () => oneTimeTokens.changes)
  const sessions = createMemorySessions(sessionById, users.read, events.add, logoutNotices.note)
  const authorizationCodes = createMemoryAuthorizationCodes(sessions, events.add, {
    user: users.read,
    consent: (userId, clientId) => consents.read(userId, clientId),
    keysVersion: signingKeys.current,
  })
  const consents = createMemoryConsents(
    users.read,
    events.add,
    (userId, clientId, now, notifies) => {
      authorizationCodes.forget((code) => code.userId === userId && code.clientId === clientId)
      const ended = sessions.endAll(
        (session) => session.userId === userId && session.clientId === clientId,
        now,
      )
      logoutNotices.note(ended, notifies, now)
    },
  )
  const clients = createMemoryClients(events.add, (clientId) => {
    authorizationCodes.forget((code) => code.clientId === clientId)
    consents.forget((consent) => consent.clientId === clientId)
  })
  const factors = createMemoryFactors(users, oneTimeTokens.changes)
  let epoch = ''

  function forgetUser(id: string): void {
    identities.forgetUser(id)
    oneTimeTokens.forgetUser(id)
    authorizationCodes.forget((code) => code.userId === id)
    consents.forget((consent) => consent.userId === id)
    apiKeys.forget((key) => key.userId === id)
    factors.forgetUser(id)
  }

  return {
    users,
    sessions,
    identities,
    signingKeys,
    throttle: createMemoryThrottle(events.add),
    clients,
    events,
    oneTimeTokens,
    outbox,
    authorizationCodes,
    consents,
    logoutNotices,
    apiKeys,
    factors,
    findSubject(userId, sessionId) {
      const user = users.read(userId)
      if (user === null) return null
      const session = sessionById.get(sessionId ?? '')
      const isTheirs = session?.userId === userId && session.revokedAt === null
      const sessionStamp = isTheirs ? session.securityStamp : null
      return { user, sessionStamp, keysVersion: signingKeys.current() }
    },
    findClientSubject: (id) => ({
      client: clients.read(id),
      keysVersion: signingKeys.current(),
      epoch,
    }),
    async revokeAll(securityStamp, now, event) {
      users.stampAll(securityStamp)
      signingKeys.deleteAll(now)
      oneTimeTokens.forgetAll()
      authorizationCodes.forget(() => true)
      apiKeys.forget(() => true)
      outbox.forgetWaiting()
      epoch = securityStamp
      events.add(event)
      return true
    },
    open: async () => {},
    check: async () => {},
    keyEncryptionKey: async () => key,
    close: async () => {},
  }
}
