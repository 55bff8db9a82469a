import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { LogoutNoticeRecord } from '../../core/authorization/logout-notice-store.ts'
import { ConflictError } from '../../core/errors.ts'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { type Having, testsOf } from './optional.ts'
import {
  aBrowserSession,
  aChildOf,
  addUser,
  answersOf,
  aSession,
  aToken,
  fiftyAtOnce,
  now,
  type Stores,
} from './records.ts'

type NoticeStore = Having<'logoutNotices'>

/** Somebody who is logged in by browser, and at some clients through that. */
interface LoggedIn {
  readonly user: UserRecord
  readonly browser: SessionRecord
  /** One for each client, in this order. */
  readonly sessions: readonly SessionRecord[]
}

/** What a store keeps of log-outs that clients are to be told of. */
export function logoutNoticesContract(stores: Stores): void {
  describe('log-outs that clients are to be told of', () => {
    const test = testsOf(stores, 'logoutNotices', 'consents')

    let times = 0
    /** An instant at which nothing of another test is left. */
    async function aTime({ logoutNotices }: NoticeStore): Promise<number> {
      const at = now + 10_000 * ++times
      const left = await logoutNotices.claim({ now: at, until: at, limit: 10_000 })
      for (const { sessionId, attempts } of left) {
        await logoutNotices.settle(sessionId, attempts, null)
      }
      return at
    }

    async function logIn(
      store: NoticeStore,
      at: number,
      clientIds: readonly string[],
    ): Promise<LoggedIn> {
      const user = await addUser(store)
      const times = { createdAt: at, rotatedAt: at, expiresAt: at + 1000 }
      const browser = aBrowserSession(user, times)
      assert.ok(await store.sessions.create(browser))
      const sessions = clientIds.map((clientId) => aChildOf(browser, { ...times, clientId }))
      for (const session of sessions) assert.ok(await store.sessions.create(session))
      return { user, browser, sessions }
    }

    /** All notices that are there, by session. */
    async function noticesOf(
      { logoutNotices }: NoticeStore,
      at: number,
    ): Promise<readonly string[]> {
      const claimed = await logoutNotices.claim({ now: at, until: at, limit: 10_000 })
      return claimed.map(({ sessionId }) => sessionId).sort()
    }

    const idsOf = (...sessions: readonly (SessionRecord | undefined)[]): readonly string[] =>
      sessions.map((session) => session?.id ?? '').sort()

    test('the end of a browser session leaves a notice for each session of a client that is to be told', async ([
      store,
      other,
    ]) => {
      const at = await aTime(store)
      const { user, browser, sessions } = await logIn(store, at, ['one', 'two', 'other'])
      const offline = { parentId: browser.id, clientId: 'one', offline: true, expiresAt: at + 1000 }
      await store.sessions.create(aSession(user, { ...offline, createdAt: at }))
      const notifies = ['one', 'two', 'absent']
      await store.sessions.revoke(browser.id, at + 1, { withChildren: true, notifies })
      const claimed = await other.logoutNotices.claim({ now: at + 1, until: at + 9, limit: 9 })
      const expected = sessions.slice(0, 2).map(
        ({ id, clientId }): LogoutNoticeRecord => ({
          ...{ sessionId: id, clientId, userId: user.id, createdAt: at + 1, dueAt: at + 1 },
          ...{ attempts: 1, claimedUntil: at + 9 },
        }),
      )
      const byClient = (one: LogoutNoticeRecord, another: LogoutNoticeRecord) =>
        one.clientId < another.clientId ? -1 : 1
      assert.deepEqual([...claimed].sort(byClient), expected)
    })

    test('the end of one session leaves a notice for its client, once, and none if nobody is to be told', async ([
      store,
      other,
    ]) => {
      const at = await aTime(store)
      const { sessions, user } = await logIn(store, at, ['one', 'one', 'one'])
      const [first, second, third] = sessions
      const login = aSession(user, { clientId: 'one', expiresAt: at + 1000, rotatedAt: at })
      await store.sessions.create(login)
      const notifies = ['one']
      await store.sessions.revoke(first?.id ?? '', at, { notifies })
      await store.sessions.revoke(second?.id ?? '', at)
      await store.sessions.revoke(third?.id ?? '', at, { notifies, userId: randomUUID() })
      // Not opened by browser: the client knows nothing of a session.
      await store.sessions.revoke(login.id, at, { notifies })
      assert.deepEqual(await noticesOf(other, at), idsOf(first))
      assert.equal(await other.sessions.revoke(first?.id ?? '', at, { notifies }), false)
      assert.deepEqual(await noticesOf(other, at), idsOf(first))
    })

    test('a change of the stamp leaves a notice for each live session that it ends', async ([
      store,
      other,
    ]) => {
      const at = await aTime(store)
      const { user, sessions } = await logIn(store, at, [
        'one',
        'two',
        'other',
        'one',
        'one',
        'one',
      ])
      const [one, two, , ended, kept, late] = sessions
      await store.sessions.revoke(ended?.id ?? '', at)
      await store.users.update(
        user.id,
        { securityStamp: 'next' },
        {
          notifies: { clientIds: ['one', 'two'], now: at },
          ...{ ifStamp: user.securityStamp, keepSession: { id: kept?.id ?? '' } },
        },
      )
      assert.deepEqual(await noticesOf(other, at), idsOf(one, two, late))
      await aTime(store)
      const notifies = { clientIds: ['one', 'two'], now: at }
      await store.users.update(user.id, { securityStamp: 'last' }, { notifies })
      assert.deepEqual(await noticesOf(other, at + 10_000), idsOf(kept), 'the others ended before')
    })

    test('a session that has expired is told of to nobody', async ([store, other]) => {
      const at = await aTime(store)
      const { user } = await logIn(store, at, ['one'])
      const notifies = { clientIds: ['one'], now: at + 1000 }
      await store.users.update(user.id, { securityStamp: 'next' }, { notifies })
      assert.deepEqual(await noticesOf(other, at + 1000), [])
    })

    test('a new password, and the end of a user, leave the same notices', async ([
      store,
      other,
    ]) => {
      const at = await aTime(store)
      const one = await logIn(store, at, ['one', 'one'])
      const [first, kept] = one.sessions
      const notifies = { clientIds: ['one'], now: at }
      const renewal = {
        ...{ oldSecurityStamp: one.user.securityStamp, securityStamp: 'next' },
        ...(kept && { keepSession: { id: kept.id } }),
      }
      const { id, passwordHash } = one.user
      await store.users.replacePasswordHash(id, passwordHash, 'new', { renewal, notifies })
      assert.deepEqual(await noticesOf(other, at), idsOf(first))
      const gone = await logIn(store, at, ['one'])
      await store.users.remove(gone.user.id, { notifies })
      assert.deepEqual(await noticesOf(other, at), idsOf(first, ...gone.sessions))
      await store.users.remove(id, { notifies })
      assert.deepEqual(await noticesOf(other, at), idsOf(first, kept, ...gone.sessions))
    })

    test('a change that is not made leaves no notice', async ([store, other]) => {
      const at = await aTime(store)
      const { user } = await logIn(store, at, ['one'])
      const notifies = { clientIds: ['one'], now: at }
      const changes = { securityStamp: 'next' }
      const redeems = { digest: aToken().digest, now: at }
      assert.equal(await store.users.update(user.id, changes, { notifies, ifStamp: 'no' }), null)
      await assert.rejects(
        store.users.update(user.id, changes, { notifies, redeems }),
        ConflictError,
      )
      const renewal = { oldSecurityStamp: user.securityStamp, securityStamp: 'next' }
      const options = { renewal, notifies }
      assert.equal(await store.users.replacePasswordHash(user.id, 'no', 'new', options), false)
      assert.equal(await store.users.remove(user.id, { notifies, ifStamp: 'no' }), false)
      assert.deepEqual(await noticesOf(other, at), [])
    })

    test('a withdrawn consent leaves a notice for the sessions of the client', async ([
      store,
      other,
    ]) => {
      const at = await aTime(store)
      const { user, sessions } = await logIn(store, at, ['one', 'two', 'other'])
      const [one] = sessions
      const consent = { userId: user.id, scopes: ['a'], createdAt: at, updatedAt: at }
      await store.consents.replace(null, { ...consent, clientId: 'one' })
      await store.consents.withdraw(user.id, 'one', at, undefined, ['one', 'two'])
      await store.consents.withdraw(user.id, 'other', at, undefined, ['one', 'two'])
      assert.deepEqual(await noticesOf(other, at), idsOf(one))
    })

    test('notices are claimed the oldest first, so many at most, and without those of some clients', async ([
      store,
      other,
    ]) => {
      const at = await aTime(store)
      const { sessions } = await logIn(store, at, ['one', 'two', 'one', 'one'])
      for (const [index, { id }] of sessions.entries()) {
        await store.sessions.revoke(id, at + index, { notifies: ['one', 'two'] })
      }
      const claim = async (later: number, limit: number, without?: readonly string[]) => {
        const claimed = await other.logoutNotices.claim({
          ...{ now: at + later, until: at + 60, limit, without },
        })
        return claimed.map(({ sessionId }) => sessionId)
      }
      const ids = sessions.map(({ id }) => id)
      assert.deepEqual(await claim(3, 2, ['two']), [ids[0], ids[2]])
      assert.deepEqual(await claim(2, 9), [ids[1]], 'the last is not due, the others are held')
      assert.deepEqual(await claim(3, 9, ['two', 'one']), [])
      assert.deepEqual(await claim(3, 9, []), [ids[3]])
      assert.deepEqual(await claim(59, 9), [])
      assert.equal((await claim(60, 9)).length, 4)
    })

    test('a notice is settled by its last claim: it is gone, or due again', async ([
      store,
      other,
    ]) => {
      const at = await aTime(store)
      const { sessions } = await logIn(store, at, ['one', 'one'])
      const [first = '', second = ''] = sessions.map(({ id }) => id)
      for (const id of [first, second]) await store.sessions.revoke(id, at, { notifies: ['one'] })
      await store.logoutNotices.claim({ now: at, until: at + 10, limit: 9 })
      await other.logoutNotices.claim({ now: at + 10, until: at + 20, limit: 9 })
      for (const attempts of [1, 3]) {
        assert.equal(await store.logoutNotices.settle(first, attempts, null), false)
        assert.equal(await store.logoutNotices.settle(first, attempts, at), false)
      }
      assert.equal(await store.logoutNotices.settle('none', 1, null), false)
      assert.equal(await store.logoutNotices.settle(first, 2, null), true)
      assert.equal(await store.logoutNotices.settle(first, 2, null), false)
      assert.equal(await other.logoutNotices.settle(second, 2, at + 15), true)
      const claim = (now: number) => store.logoutNotices.claim({ now, until: at + 99, limit: 9 })
      assert.deepEqual(await claim(at + 14), [])
      const [again, ...others] = await claim(at + 15)
      assert.deepEqual(others, [])
      const { sessionId, attempts, createdAt, dueAt } = again ?? {}
      assert.deepEqual([sessionId, attempts, createdAt, dueAt], [second, 3, at, at + 15])
    })

    test('of 50 who claim at the same time one gets a notice (OP-78)', async ([store, other]) => {
      const at = await aTime(store)
      const { browser, sessions } = await logIn(store, at, Array(50).fill('one'))
      const options = { withChildren: true, notifies: ['one'] }
      assert.equal(await store.sessions.revoke(browser.id, at, options), true)
      const claims = await fiftyAtOnce([store, other], ({ logoutNotices }) =>
        logoutNotices.claim({ now: at, until: at + 60, limit: 3 }),
      )
      const claimed = answersOf(claims)
      assert.ok(claimed.every(({ length }) => length <= 3))
      // Somebody may have passed over those that another was about to take.
      const rest = await store.logoutNotices.claim({ now: at, until: at + 60, limit: 60 })
      const all = [...claimed.flat(), ...rest]
      assert.deepEqual(all.map(({ sessionId }) => sessionId).sort(), idsOf(...sessions))
      assert.ok(all.every(({ attempts }) => attempts === 1))
    })

    test('whatever is opened while all of a user ends is not there, or is told of (OP-78)', async ([
      store,
      other,
    ]) => {
      const at = await aTime(store)
      const { user, browser } = await logIn(store, at, [])
      const times = { createdAt: at, rotatedAt: at, expiresAt: at + 1000 }
      const child = () => aChildOf(browser, { ...times, clientId: 'one' })
      const children = Array.from({ length: 49 }, child)
      const notifies = { clientIds: ['one'], now: at }
      const all = await fiftyAtOnce([store, other], async ({ users, sessions }, index) => {
        if (index === 25)
          return await users.update(user.id, { securityStamp: 'next' }, { notifies })
        const session = children[index < 25 ? index : index - 1]
        return session && (await sessions.create(session)) ? session.id : null
      })
      const opened = answersOf(all).filter((answer) => typeof answer === 'string')
      assert.deepEqual(await noticesOf(other, at), opened.sort())
    })
  })
}
