import type { AuthorizationStore } from './optional.ts'
import { aBrowserSession, aChildOf, aCode, aConsent, addUser, now } from './records.ts'
import type { Write } from './writes.ts'

/**
 * One call of each write of a login by browser that takes an event, by name. Of many at the same time each
 * changes something once.
 */
export function authorizationWritesOf(): Readonly<
  Record<string, (store: AuthorizationStore) => Promise<Write<AuthorizationStore>>>
> {
  return {
    'sessions.revoke, with children': async (store) => {
      const browser = aBrowserSession(await addUser(store))
      await store.sessions.create(browser)
      await store.sessions.create(aChildOf(browser))
      return ({ sessions }, event) =>
        sessions.revoke(browser.id, now, { withChildren: true, event })
    },
    'sessions.reauthenticate, with a generation': async (store) => {
      const { id, userId, securityStamp, ...browser } = aBrowserSession(await addUser(store))
      await store.sessions.create({ id, userId, securityStamp, ...browser })
      const again = { id, userId, securityStamp, idleSince: 0, authenticatedAt: now, generation: 0 }
      return ({ sessions }, event) =>
        sessions.reauthenticate({ ...again, acr: 'x', amr: [] }, event)
    },
    'authorizationCodes.exchange': async (store) => {
      const browser = aBrowserSession(await addUser(store))
      await store.sessions.create(browser)
      const code = aCode(browser)
      await store.authorizationCodes.create(code)
      const { digest } = code
      return ({ authorizationCodes }, event) =>
        authorizationCodes.exchange({ digest, now, session: aChildOf(browser) }, event)
    },
    'authorizationCodes.exchange, going on': async (store) => {
      const browser = aBrowserSession(await addUser(store))
      const child = aChildOf(browser)
      for (const session of [browser, child]) await store.sessions.create(session)
      const code = aCode(browser)
      await store.authorizationCodes.create(code)
      const { digest } = code
      return ({ authorizationCodes }, event) =>
        authorizationCodes.exchange({ digest, now, session: child.id }, event)
    },
    'consents.replace, of none': async (store) => {
      const consent = aConsent(await addUser(store))
      return ({ consents }, event) => consents.replace(null, consent, event)
    },
    'consents.replace': async (store) => {
      const before = aConsent(await addUser(store))
      await store.consents.replace(null, before)
      const after = { ...before, scopes: ['a'], updatedAt: now + 1 }
      return ({ consents }, event) => consents.replace(before, after, event)
    },
    'consents.withdraw': async (store) => {
      const consent = aConsent(await addUser(store))
      await store.consents.replace(null, consent)
      const { userId, clientId } = consent
      return ({ consents }, event) => consents.withdraw(userId, clientId, now, event)
    },
  }
}
