import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import { testsOf } from './optional.ts'
import {
  aBrowserSession,
  aChildOf,
  aClient,
  aCode,
  aConsent,
  addUser,
  anEvent,
  answersOf,
  aSession,
  aUser,
  fiftyAtOnce,
  now,
  type Stores,
} from './records.ts'

/** What a store keeps of what users have allowed clients. */
export function consentsContract(stores: Stores): void {
  describe('consents', () => {
    const test = testsOf(stores, 'consents', 'authorizationCodes')

    test('a consent is read as it was written, by user and client, and in the list of the user', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const consents = ['a', 'b', 'c'].map((letter) =>
        aConsent(user, { clientId: `client-${letter}`, updatedAt: 2 ** 40 }),
      )
      const bare = aConsent(user, { clientId: 'client-d', scopes: [] })
      for (const each of [bare, ...consents.toReversed()]) {
        assert.equal(await store.consents.replace(null, each), true)
        assert.deepEqual(await other.consents.find(user.id, each.clientId), each)
      }
      assert.deepEqual(await other.consents.listByUser(user.id), [...consents, bare])
      assert.equal(await other.consents.find(user.id, 'CLIENT-A'), null)
      assert.equal(await other.consents.find(randomUUID(), 'client-a'), null)
      assert.deepEqual(await other.consents.listByUser(randomUUID()), [])
    })

    test('a consent takes the place of the one that was read, and of no other', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const bystanders = [aConsent(await addUser(store)), aConsent(user, { clientId: 'another' })]
      const before = aConsent(user)
      for (const each of [before, ...bystanders]) await store.consents.replace(null, each)
      const after = { ...before, scopes: ['a', 'z'], updatedAt: now + 1 }
      const event = anEvent({ userId: user.id })
      for (const stale of [
        ...[null, { ...before, scopes: ['a'] }, { ...before, updatedAt: now + 1 }],
        { ...before, createdAt: now - 1 },
      ]) {
        assert.equal(await store.consents.replace(stale, after, event), false)
        assert.deepEqual(await other.consents.find(user.id, 'client'), before)
      }
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [])
      assert.equal(await store.consents.replace(before, after, event), true)
      assert.deepEqual(await other.consents.find(user.id, 'client'), after)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
      for (const each of bystanders) {
        assert.deepEqual(await other.consents.find(each.userId, each.clientId), each)
      }
    })

    test('of 50 that add to what they have read one does, with and without one before', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      for (const round of [1, 2]) {
        const read = await store.consents.find(user.id, 'client')
        const after = (index: number) => aConsent(user, { scopes: [`s${round}-${index}`] })
        const results = await fiftyAtOnce([store, other], ({ consents }, index) =>
          consents.replace(read, after(index)),
        )
        const won = answersOf(results).flatMap((isOne, index) => (isOne ? [after(index)] : []))
        assert.equal(won.length, 1)
        assert.deepEqual(await other.consents.find(user.id, 'client'), won[0])
      }
    })

    test('nobody who is gone allows anything, and consents go with their user', async ([
      store,
      other,
    ]) => {
      assert.equal(await store.consents.replace(null, aConsent(aUser())), false)
      const user = await addUser(store)
      const consent = aConsent(user)
      await store.consents.replace(null, consent)
      await store.users.remove(user.id)
      assert.equal(await other.consents.find(user.id, 'client'), null)
      const after = { ...consent, scopes: [] }
      assert.equal(await store.consents.replace(consent, after), false)
      assert.equal(await store.consents.replace(null, consent), false)
    })

    test('consents go with a client that is removed, and no others', async ([store, other]) => {
      const client = aClient()
      await store.clients.create(client)
      const user = await addUser(store)
      const [theirs, stays] = [aConsent(user, { clientId: client.id }), aConsent(user)]
      for (const each of [theirs, stays]) await store.consents.replace(null, each)
      assert.equal(await store.clients.remove(client.id), true)
      assert.deepEqual(await other.consents.listByUser(user.id), [stays])
    })

    test('a withdrawal ends what the client has of the user, and nothing else (OP-43)', async ([
      store,
      other,
    ]) => {
      const [user, stranger] = [await addUser(store), await addUser(store)]
      const [browser, strangers] = [aBrowserSession(user), aBrowserSession(stranger)]
      const theirs = [aChildOf(browser), aChildOf(browser, { offline: true }), aSession(user)]
      const ended = aChildOf(browser)
      const others = [aChildOf(browser, { clientId: 'another' }), aChildOf(strangers)]
      const sessions = [browser, strangers, ...theirs, ended, ...others]
      for (const each of sessions) assert.ok(await store.sessions.create(each))
      await store.sessions.revoke(ended.id, now - 1)
      const code = aCode(browser)
      const otherCodes = [aCode(browser, { clientId: 'another' }), aCode(strangers)]
      for (const each of [code, ...otherCodes]) await store.authorizationCodes.create(each)
      const consent = aConsent(user)
      const otherConsents = [aConsent(user, { clientId: 'another' }), aConsent(stranger)]
      for (const each of [consent, ...otherConsents]) await store.consents.replace(null, each)
      for (const each of theirs) {
        // A cache has it from now on, perhaps.
        const live = await other.findSubject(user.id, each.id)
        assert.equal(live?.sessionStamp, user.securityStamp)
      }
      const event = anEvent({ userId: user.id })
      const withdraw = (at: number) => store.consents.withdraw(user.id, 'client', at, event)
      assert.equal(await withdraw(now), true)
      const end = async ({ id }: SessionRecord) => (await other.sessions.find(id))?.revokedAt
      for (const each of theirs) {
        assert.equal(await end(each), now)
        assert.equal((await other.findSubject(user.id, each.id))?.sessionStamp, null)
      }
      assert.equal(await end(ended), now - 1)
      for (const each of [browser, strangers, ...others]) assert.equal(await end(each), null)
      assert.equal(await other.authorizationCodes.find(code.digest), null)
      for (const each of otherCodes) {
        assert.deepEqual(await other.authorizationCodes.find(each.digest), each)
      }
      assert.equal(await other.consents.find(user.id, 'client'), null)
      for (const each of otherConsents) {
        assert.deepEqual(await other.consents.find(each.userId, each.clientId), each)
      }
      assert.equal(await withdraw(now + 1), false)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
    })

    test('a withdrawal without a consent ends sessions and codes all the same', async ([
      store,
      other,
    ]) => {
      const browser = aBrowserSession(await addUser(store))
      const [child, code] = [aChildOf(browser), aCode(browser)]
      for (const each of [browser, child]) await store.sessions.create(each)
      await store.authorizationCodes.create(code)
      const live = await other.findSubject(browser.userId, child.id)
      assert.equal(live?.sessionStamp, browser.securityStamp)
      assert.equal(await store.consents.withdraw(browser.userId, 'client', now), false)
      assert.equal((await other.findSubject(browser.userId, child.id))?.sessionStamp, null)
      assert.equal(await other.authorizationCodes.find(code.digest), null)
    })

    test('a code that needs a consent is exchanged while there is one (OP-43)', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const browser = aBrowserSession(user)
      await store.sessions.create(browser)
      const code = aCode(browser)
      await store.authorizationCodes.create(code)
      await store.consents.replace(null, aConsent(user, { clientId: 'another' }))
      const { digest } = code
      const exchange = { digest, now, session: aChildOf(browser), needsConsent: true }
      assert.equal(await other.authorizationCodes.exchange(exchange), false)
      assert.deepEqual(await store.authorizationCodes.find(digest), code)
      await store.consents.replace(null, aConsent(user))
      assert.equal(await other.authorizationCodes.exchange(exchange), true)
    })

    test('of exchanges while a consent is withdrawn, none leaves a live session (OP-43)', async ([
      store,
      other,
    ]) => {
      for (let round = 0; round < 10; round++) {
        const user = await addUser(store)
        const browser = aBrowserSession(user)
        await store.sessions.create(browser)
        await store.consents.replace(null, aConsent(user))
        const codes = [aCode(browser), aCode(browser), aCode(browser)]
        for (const each of codes) await store.authorizationCodes.create(each)
        const sessions = codes.map(() => aChildOf(browser))
        const work = codes.map(
          ({ digest }, index) =>
            () =>
              other.authorizationCodes.exchange({
                ...{ digest, now },
                session: sessions[index] as SessionRecord,
              }),
        )
        // Of a code that is made when those that there are have been deleted.
        const [late, session] = [aCode(browser), aChildOf(browser)]
        sessions.push(session)
        work.push(async () => {
          await other.authorizationCodes.create(late)
          const { digest } = late
          const exchange = { digest, now, session, needsConsent: true }
          return await other.authorizationCodes.exchange(exchange)
        })
        work.splice(round % 5, 0, () => store.consents.withdraw(user.id, 'client', now))
        await Promise.all(work.map((each) => each()))
        for (const { id } of sessions) {
          const found = await other.sessions.find(id)
          assert.ok(found === null || found.revokedAt === now)
        }
        for (const { digest } of codes) {
          assert.equal(await other.authorizationCodes.find(digest), null)
        }
      }
    })
  })
}
