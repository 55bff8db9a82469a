import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Store } from '../../core/store.ts'
import { testsOf } from './optional.ts'
import {
  aBrowserSession,
  aClient,
  aCode,
  addUser,
  aKey,
  aMail,
  anApiKey,
  anEvent,
  aSession,
  aToken,
  aTokenOf,
  now,
  type Stores,
} from './records.ts'

/** What an end of everything leaves. Run it last: it ends what the other tests have made. */
export function revokeAllContract(stores: Stores): void {
  describe('an end of everything', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    test('every user has the new stamp, every key is gone, the version is a new one, and it is an event (DD-08, LA-06)', async () => {
      const [user, another] = [await addUser(store), await addUser(store)]
      const client = aClient()
      await store.clients.create(client)
      const from = await store.signingKeys.version()
      await store.signingKeys.change(from, { put: [aKey()], remove: [] })
      const session = aSession(user)
      assert.equal(await store.sessions.create(session), true)
      assert.equal((await other.findSubject(user.id, session.id))?.sessionStamp, user.securityStamp)
      for (const [instant, version] of [
        [now, now],
        [now, now + 1],
        [now - 5, now + 2],
      ] as const) {
        const event = anEvent({ type: 'sys_restored', actor: `restore ${version}` })
        assert.equal(await store.revokeAll(`new stamp ${version}`, instant, event), true)
        const { type, actor = '' } = event
        assert.deepEqual(await other.events.list({ type, actor, limit: 9 }), [event])
        assert.deepEqual(await other.signingKeys.read(), { version, keys: [] })
        const subject = await other.findSubject(user.id, session.id)
        assert.equal(subject?.user.securityStamp, `new stamp ${version}`)
        for (const each of [user, another]) {
          const stamped = { ...each, securityStamp: `new stamp ${version}` }
          assert.deepEqual(await other.users.findById(each.id), stamped, 'the stamp alone is new')
        }
        assert.deepEqual(await other.clients.find(client.id), client)
        assert.equal(subject.sessionStamp, session.securityStamp, 'an old stamp')
        assert.equal(subject.keysVersion, version)
        assert.equal((await other.findClientSubject('none')).epoch, `new stamp ${version}`)
      }
    })

    testsOf(
      stores,
      'oneTimeTokens',
      'outbox',
    )('no one-time token and no mail that waits is left (DD-08)', async ([whole, another]) => {
      const tokens = [aToken(), aTokenOf(await addUser(whole)), aToken({ expiresAt: 1 })]
      const spent = aToken({ kind: 'passkey' })
      for (const token of [...tokens, spent]) await whole.oneTimeTokens.put(token)
      const [failed, waiting] = [aMail(), aMail({ dueAt: now + 100 })]
      for (const mail of [failed, waiting]) await whole.outbox.add(mail)
      const claims = await whole.outbox.claim(now, now + 60, 10_000)
      const { attempts = 0 } = claims.find(({ id }) => id === failed.id) ?? {}
      await whole.outbox.settle(failed.id, attempts, { state: 'failed', reason: 'refused' })
      const before = await whole.outbox.counts()
      await whole.revokeAll('the last stamp', now)
      for (const { kind, subject } of tokens) {
        assert.equal(await another.oneTimeTokens.end(kind, subject), false)
      }
      const kept = await another.oneTimeTokens.find(spent.digest, now)
      assert.deepEqual(kept, spent, 'what was used stays used')
      assert.deepEqual(await another.outbox.counts(), {
        waiting: 0,
        failed: before.failed,
        oldestDueAt: null,
      })
      assert.equal(await whole.outbox.add(waiting), true, 'it is gone')
    })

    testsOf(stores, 'apiKeys')('no API key is left (DD-08)', async ([whole, another]) => {
      const user = await addUser(whole)
      const key = anApiKey(user)
      const { securityStamp } = user
      assert.equal(await whole.apiKeys.create(key, { securityStamp, most: 9 }), true)
      await whole.revokeAll('a stamp after the keys', now)
      assert.equal(await another.apiKeys.findSubject(key.digest), null)
      assert.deepEqual(await another.apiKeys.listByUser(user.id), [])
    })

    testsOf(stores, 'authorizationCodes')(
      'no authorization code is left, and no browser session is live (OP-81)',
      async ([whole, another]) => {
        const user = await addUser(whole)
        const browser = aBrowserSession(user)
        await whole.sessions.create(browser)
        const [code, used] = [aCode(browser), aCode(browser, { usedAt: now })]
        for (const each of [code, used]) await whole.authorizationCodes.create(each)
        await whole.revokeAll('a stamp that no code has', now)
        for (const { digest } of [code, used]) {
          assert.equal(await another.authorizationCodes.find(digest), null)
        }
        assert.equal(await another.sessions.touch(browser.id, now + 1, now - 100), false)
        assert.deepEqual(await another.sessions.listByUser(user.id, now, now - 100), [])
      },
    )
  })
}
