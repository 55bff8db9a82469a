import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { Store } from '../../core/store.ts'
import type { KeptSession } from '../../core/users/kept-session.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { testsOf } from './optional.ts'
import {
  aBrowserSession,
  aChildOf,
  addUser,
  aFactor,
  answersOf,
  aPasskey,
  aSession,
  fiftyAtOnce,
  now,
  type Stores,
} from './records.ts'

const securityStamp = 'renewed'

/** Prepares a change that ends every session of a user but one. It answers whether it was made. */
type Change = (
  store: Store,
  user: UserRecord,
) => Promise<(store: Store, keepSession: KeptSession) => Promise<boolean | undefined>>

const userChanges: Readonly<Record<string, Change>> = {
  'users.update':
    async (_, { id, securityStamp: ifStamp }) =>
    async ({ users }, keepSession) =>
      (await users.update(id, { securityStamp }, { ifStamp, keepSession })) !== null,
  'users.replacePasswordHash':
    async (_, { id, passwordHash, securityStamp: oldSecurityStamp }) =>
    async ({ users }, keepSession) => {
      const renewal = { oldSecurityStamp, securityStamp, keepSession }
      return await users.replacePasswordHash(id, passwordHash, 'new', { renewal })
    },
}

const factorChanges: Readonly<Record<string, Change>> = {
  'factors.confirm': async (store, user) => {
    const factor = aFactor(user)
    await store.factors?.begin(factor)
    const { id, userId } = factor
    const step = { step: 7, now, createdAfter: now - 1 }
    const confirmation = { id, userId, securityStamp: user.securityStamp, ...step }
    return async ({ factors }, keepSession) => {
      const first = { securityStamp, keepSession, recoveryCodes: [randomUUID()] }
      return await factors?.confirm({ ...confirmation, first })
    }
  },
  'factors.addPasskey':
    async (_, user) =>
    async ({ factors }, keepSession) => {
      const first = { securityStamp, keepSession, recoveryCodes: [randomUUID()] }
      const addition = { factor: aPasskey(user), securityStamp: user.securityStamp, first }
      return await factors?.addPasskey(addition)
    },
}

/** What a store keeps of the session that asks for a change which ends all others. */
export function keptSessionsContract(stores: Stores): void {
  describe('a session that is kept', () => {
    for (const [name, change] of Object.entries(userChanges)) {
      keptBy(name, change, testsOf(stores))
    }
    for (const [name, change] of Object.entries(factorChanges)) {
      keptBy(name, change, testsOf(stores, 'factors'))
    }

    const test = testsOf(stores, 'logoutNotices')
    test('its client is told if it ends because it was refreshed since', async ([store, other]) => {
      const user = await addUser(store)
      const browser = aBrowserSession(user)
      const session = aChildOf(browser)
      for (const each of [browser, session]) await store.sessions.create(each)
      const keepSession = { id: session.id, token: { issuedAt: now - 1, authenticatedAt: 0 } }
      const notifies = { clientIds: [session.clientId], now }
      const options = { ifStamp: user.securityStamp, keepSession, notifies }
      await store.users.update(user.id, { securityStamp }, options)
      const notices = await other.logoutNotices.claim({ now, until: now, limit: 10_000 })
      const told = notices.filter(({ userId }) => userId === user.id)
      assert.deepEqual(
        told.map(({ sessionId }) => sessionId),
        [session.id],
      )
      await store.logoutNotices.settle(session.id, 1, null)
    })
  })
}

type Test = (name: string, run: (stores: readonly [Store, Store]) => Promise<void>) => void

function keptBy(name: string, change: Change, test: Test): void {
  test(`is as the token says that asks, or ends too: ${name}`, async ([store, other]) => {
    for (const [token, isKept] of [
      [{ issuedAt: now, authenticatedAt: now }, true],
      [{ issuedAt: now + 1, authenticatedAt: now - 1 }, true],
      [{ issuedAt: now - 1, authenticatedAt: now }, false],
      [{ issuedAt: now, authenticatedAt: now + 1 }, false],
    ] as const) {
      const user = await addUser(store)
      const session = aSession(user, { rotatedAt: now, authenticatedAt: now })
      await store.sessions.create(session)
      const make = await change(store, user)
      assert.equal(await make(store, { id: session.id, token }), true)
      assert.equal((await other.users.findById(user.id))?.securityStamp, securityStamp)
      const kept = { ...session, securityStamp, retryOf: session.generation }
      assert.deepEqual(await other.sessions.find(session.id), isKept ? kept : session)
    }
  })

  test(`is not kept if it is refreshed at the same time: ${name}`, async ([store, other]) => {
    for (let round = 0; round < 5; round++) {
      const user = await addUser(store)
      const session = aSession(user, { rotatedAt: now, authenticatedAt: now })
      await store.sessions.create(session)
      const { id, generation, clientId } = session
      const keep = { id, token: { issuedAt: now, authenticatedAt: now } }
      const make = await change(store, user)
      const rotation = { id, generation, clientId, now: now + 1, idleSince: 0 }
      const results = await fiftyAtOnce([store, other], async (each, index) =>
        index === 0 ? await make(each, keep) : await each.sessions.rotate(rotation),
      )
      const [made, ...rotated] = answersOf(results)
      assert.equal(made, true)
      // What was refreshed before the change, and so by somebody else, ends with it.
      const winner = rotated.find((each) => typeof each === 'object' && each !== null)
      const expected = typeof winner === 'object' ? winner?.securityStamp : securityStamp
      assert.equal((await other.sessions.find(id))?.securityStamp, expected)
    }
  })
}
