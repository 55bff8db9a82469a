import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import { testsOf } from './optional.ts'
import {
  aBrowserSession,
  aChildOf,
  addUser,
  anEvent,
  answersOf,
  aSession,
  fiftyAtOnce,
  now,
  type Stores,
} from './records.ts'

/** What a store keeps of the sessions of browsers, and of those that were opened through them. */
export function browserSessionsContract(stores: Stores): void {
  describe('browser sessions', () => {
    const test = testsOf(stores, 'authorizationCodes')

    async function opened(store: Store, changes: Partial<SessionRecord> = {}) {
      const user = await addUser(store)
      const browser = aBrowserSession(user, changes)
      assert.equal(await store.sessions.create(browser), true)
      return { user, browser }
    }

    const openAll = async ({ sessions }: Store, ...all: readonly SessionRecord[]) => {
      for (const session of all) assert.equal(await sessions.create(session), true)
    }

    const endOf = async ({ sessions }: Store, { id }: SessionRecord) =>
      (await sessions.find(id))?.revokedAt

    test('a browser session and what it opened are read as they were written', async ([
      store,
      other,
    ]) => {
      const { browser } = await opened(store)
      const children = [aChildOf(browser), aChildOf(browser, { offline: true })]
      await openAll(store, ...children)
      for (const session of [browser, ...children]) {
        assert.deepEqual(await other.sessions.find(session.id), session)
      }
    })

    test('nothing is opened through a session that has ended, is somebody else’s, or is not there', async ([
      store,
      other,
    ]) => {
      const { user, browser } = await opened(store)
      const { browser: theirs } = await opened(store)
      const [ended, old] = [aBrowserSession(user), aBrowserSession(user, { expiresAt: now })]
      await openAll(store, ended, old)
      await store.sessions.revoke(ended.id, now)
      const event = anEvent({ userId: user.id })
      for (const parent of [ended, old, theirs, aBrowserSession(user)]) {
        for (const offline of [false, true]) {
          const child = aSession(user, { parentId: parent.id, offline })
          assert.equal(await store.sessions.create(child, event), false)
          assert.equal(await other.sessions.find(child.id), null)
        }
      }
      await store.users.update(user.id, { securityStamp: 'new' })
      const late = aSession({ ...user, securityStamp: 'new' }, { parentId: browser.id })
      assert.equal(await store.sessions.create(late, event), false, 'its stamp is an old one')
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [])
    })

    test('what it opened ends with it, with one event, but for what is offline', async ([
      store,
      other,
    ]) => {
      const { user, browser } = await opened(store)
      const [child, another] = [aChildOf(browser), aChildOf(browser, { clientId: 'another' })]
      const offline = aChildOf(browser, { offline: true })
      const before = aChildOf(browser)
      const bystander = aBrowserSession(user)
      const ofBystander = aChildOf(bystander)
      await openAll(store, child, another, offline, before, bystander, ofBystander)
      await store.sessions.revoke(before.id, now - 3)
      const event = anEvent({ userId: user.id })
      const revoke = (userId: string) =>
        store.sessions.revoke(browser.id, now, { withChildren: true, userId, event })
      assert.equal(await revoke(randomUUID()), false)
      for (const each of [browser, child]) assert.equal(await endOf(other, each), null)
      // A cache has it from now on, perhaps.
      const live = await other.findSubject(user.id, another.id)
      assert.equal(live?.sessionStamp, user.securityStamp)
      assert.equal(await revoke(user.id), true)
      for (const each of [browser, child, another]) assert.equal(await endOf(other, each), now)
      for (const each of [offline, bystander, ofBystander]) {
        assert.equal(await endOf(other, each), null)
      }
      assert.equal(await endOf(other, before), now - 3)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
      assert.equal(await revoke(user.id), false)
      for (const each of [child, another]) {
        const subject = await other.findSubject(user.id, each.id)
        assert.equal(subject?.sessionStamp, null)
      }
    })

    test('a session ends alone if it is not told to take along what it opened', async ([
      store,
      other,
    ]) => {
      const { browser } = await opened(store)
      const child = aChildOf(browser)
      await openAll(store, child)
      assert.equal(await store.sessions.revoke(browser.id, now), true)
      assert.equal(await endOf(other, child), null)
    })

    test('of 50 that are opened while it ends, none is live after the end', async ([
      store,
      other,
    ]) => {
      for (let round = 0; round < 5; round++) {
        const { browser } = await opened(store)
        const children = Array.from({ length: 50 }, () => aChildOf(browser))
        await fiftyAtOnce([store, other], ({ sessions }, index) =>
          index === 10 * round
            ? sessions.revoke(browser.id, now, { withChildren: true })
            : sessions.create(children[index] as SessionRecord),
        ).then(answersOf)
        for (const child of children) {
          const end = await endOf(other, child)
          assert.ok(end === undefined || end === now, 'opened and ended, or not opened')
        }
      }
    })

    test('a session is in use as often as it is told to be, while it is live', async ([
      store,
      other,
    ]) => {
      const { user, browser } = await opened(store)
      const touch = (at: number, idleSince: number) =>
        store.sessions.touch(browser.id, at, idleSince)
      assert.equal(await touch(now + 7, now - 1), true)
      assert.deepEqual(await other.sessions.find(browser.id), { ...browser, rotatedAt: now + 7 })
      assert.equal(await touch(now + 8, now + 7), false, 'it was idle for too long')
      assert.equal(await touch(browser.expiresAt, now), false)
      assert.equal(await store.sessions.touch(randomUUID(), now, 0), false)
      assert.equal(await touch(browser.expiresAt - 1, now + 6), true, 'the last second')
      const last = { ...browser, rotatedAt: browser.expiresAt - 1 }
      for (const changes of [{ active: false }, { active: true, securityStamp: 'new' }]) {
        await store.users.update(user.id, changes)
        assert.equal(await touch(now + 9, now), false)
      }
      await store.users.update(user.id, { securityStamp: user.securityStamp })
      await store.sessions.revoke(browser.id, now)
      assert.equal(await touch(now + 9, now), false)
      assert.deepEqual(await other.sessions.find(browser.id), { ...last, revokedAt: now })
    })

    test('who authenticates again at a generation gets the next one, one of 50', async ([
      store,
      other,
    ]) => {
      const { browser } = await opened(store, { generation: 3 })
      const { id, userId, securityStamp } = browser
      const again = { id, userId, securityStamp, idleSince: 0, acr: '2fa', amr: ['pwd', 'otp'] }
      const changed = { authenticatedAt: now + 5, acr: '2fa', amr: ['pwd', 'otp'] }
      for (const generation of [2, 4]) {
        const stale = { ...again, authenticatedAt: now + 5, generation }
        assert.equal(await store.sessions.reauthenticate(stale), null)
      }
      const results = await fiftyAtOnce([store, other], ({ sessions }) =>
        sessions.reauthenticate({ ...again, authenticatedAt: now + 5, generation: 3 }),
      )
      const done = answersOf(results).filter((session) => session !== null)
      const next = { ...browser, ...changed, generation: 4, rotatedAt: now + 5 }
      assert.deepEqual(done, [next])
      assert.deepEqual(await other.sessions.find(id), next)
    })

    test('what a client has through a browser session is listed, the newest first', async ([
      store,
      other,
    ]) => {
      const { user, browser } = await opened(store)
      const another = aBrowserSession(user)
      await openAll(store, another)
      const theirs = [aChildOf(browser), aChildOf(browser, { offline: true })]
      const edge = aChildOf(browser, { expiresAt: now + 6 })
      const others = [
        ...[aChildOf(browser, { clientId: 'other' }), aChildOf(another), aSession(user)],
        aChildOf(browser, { expiresAt: now + 5 }),
      ]
      const ended = aChildOf(browser)
      await openAll(store, ...theirs, edge, ...others, ended)
      await store.sessions.revoke(ended.id, now)
      const newestFirst = [...theirs, edge].toSorted((one, two) => (one.id < two.id ? 1 : -1))
      const listed = await other.sessions.listChildren(browser.id, 'client', now + 5)
      assert.deepEqual(listed, newestFirst)
      assert.deepEqual(await other.sessions.listChildren(randomUUID(), 'client', now), [])
    })

    test('the sessions of browsers are not a client’s to end', async ([store, other]) => {
      const { browser } = await opened(store)
      assert.equal(await store.sessions.revokeByClient(browser.clientId, now, 5), 0)
      assert.equal(await endOf(other, browser), null)
    })

    test('what has ended goes before what is live, and what a browser opened goes with it', async ([
      store,
      other,
    ]) => {
      const { user, browser } = await opened(store, { rotatedAt: now - 50 })
      const [child, offline] = [aChildOf(browser), aChildOf(browser, { offline: true })]
      const ended = [1, 2, 3].map((used) => aSession(user, { rotatedAt: now + used }))
      const device = aSession(user, { rotatedAt: now - 40 })
      await openAll(store, child, offline, ...ended, device)
      for (const { id } of ended) await store.sessions.revoke(id, now)
      assert.equal(await store.sessions.trim(user.id, 4), 3)
      const isThere = async (session: SessionRecord) => (await endOf(other, session)) !== undefined
      for (const each of ended) assert.equal(await isThere(each), false)
      for (const each of [browser, child, offline, device]) assert.ok(await isThere(each))
      assert.equal(await store.sessions.trim(user.id, 3), 2)
      for (const each of [browser, child]) assert.equal(await isThere(each), false)
      for (const each of [offline, device]) assert.ok(await isThere(each))
    })
  })
}
