import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import { testsOf } from './optional.ts'
import {
  aBrowserSession,
  aChildOf,
  aCode,
  aConsent,
  addUser,
  aSession,
  now,
  type Stores,
} from './records.ts'

/** What a store answers of a login and of a code in one read. */
export function loginReadsContract(stores: Stores): void {
  describe('what a login by browser reads at once', () => {
    const test = testsOf(stores, 'authorizationCodes', 'consents')

    test('a session is read with its user, and with what that one allows the client', async ([
      store,
      other,
    ]) => {
      const [user, stranger] = [await addUser(store), await addUser(store)]
      const browser = aBrowserSession(user)
      await store.sessions.create(browser)
      await store.sessions.create(aBrowserSession(stranger))
      const consent = aConsent(user)
      await store.consents.replace(null, consent)
      await store.consents.replace(null, aConsent(stranger, { clientId: 'another' }))
      const { findLogin } = other.authorizationCodes
      const login = { session: browser, user, consent }
      assert.deepEqual(await findLogin(browser.id, 'client'), login)
      for (const clientId of ['another', 'Client', '']) {
        assert.deepEqual(await findLogin(browser.id, clientId), { ...login, consent: null })
      }
      for (const id of [randomUUID(), browser.id.toUpperCase(), '']) {
        assert.equal(await findLogin(id, 'client'), null)
      }
      await store.sessions.revoke(browser.id, now)
      await store.users.update(user.id, { active: false, securityStamp: 'new' })
      await store.consents.withdraw(user.id, 'client', now)
      assert.deepEqual(await findLogin(browser.id, 'client'), {
        session: { ...browser, revokedAt: now },
        user: { ...user, active: false, securityStamp: 'new' },
        consent: null,
      })
    })

    test('a code is read with its login, its consent and the version of the keys', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const browser = aBrowserSession(user)
      await store.sessions.create(browser)
      const code = aCode(browser)
      await store.authorizationCodes.create(code)
      const { findToExchange } = other.authorizationCodes
      const keysVersion = await store.signingKeys.version()
      const found = {
        ...{ code, login: { session: browser, user, consent: null } },
        ...{ siblings: 0, userSessions: 1, keysVersion },
      }
      assert.deepEqual(await findToExchange(code.digest), found)
      assert.equal(await findToExchange(randomUUID()), null)

      const consent = aConsent(user)
      await store.consents.replace(null, consent)
      await store.consents.replace(null, aConsent(user, { clientId: 'another' }))
      await store.signingKeys.change(keysVersion, { put: [], remove: [] })
      const session = aChildOf(browser)
      await store.authorizationCodes.exchange({ digest: code.digest, now, session })
      await store.sessions.revoke(browser.id, now)
      assert.deepEqual(await findToExchange(code.digest), {
        code: { ...code, usedAt: now, openedSessionId: session.id },
        login: { session: { ...browser, revokedAt: now }, user, consent },
        ...{ siblings: 1, userSessions: 2, keysVersion: keysVersion + 1 },
      })
    })

    test('it says how many sessions the client has there, and how many the user has', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const [browser, elsewhere] = [aBrowserSession(user), aBrowserSession(user)]
      const ended = aChildOf(browser)
      const sessions = [
        ...[browser, elsewhere, ended, aChildOf(browser), aChildOf(browser), aSession(user)],
        ...[aChildOf(elsewhere), aChildOf(browser, { clientId: 'another' })],
        aBrowserSession(await addUser(store)),
      ]
      for (const session of sessions) await store.sessions.create(session)
      await store.sessions.revoke(ended.id, now)
      const code = aCode(browser)
      await store.authorizationCodes.create(code)
      const found = await other.authorizationCodes.findToExchange(code.digest)
      assert.deepEqual([found?.siblings, found?.userSessions], [2, 8])
    })

    test('a code whose session is gone has no login', async ([store, other]) => {
      const user = await addUser(store)
      const browser = aBrowserSession(user, { rotatedAt: 1 })
      await store.sessions.create(browser)
      const code = aCode(browser)
      await store.authorizationCodes.create(code)
      for (let more = 0; more < 2; more++) await store.sessions.create(aSession(user))
      await store.sessions.trim(user.id, 2)
      assert.equal(await other.sessions.find(browser.id), null)
      const found = await other.authorizationCodes.findToExchange(code.digest)
      assert.ok(found === null || found.login === null)
    })
  })
}
