import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, describe, test } from 'node:test'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { addUser, answersOf, aSession, aUser, fiftyAtOnce, now, type Stores } from './records.ts'

/** What a store keeps of sessions. */
export function sessionsContract(stores: Stores): void {
  describe('sessions', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    const add = (changes: Partial<UserRecord> = {}): Promise<UserRecord> => addUser(store, changes)

    const rotation = (session: SessionRecord, changes = {}) => ({
      id: session.id,
      generation: 0,
      clientId: 'client',
      now: now + 10,
      idleSince: now - 100,
      ...changes,
    })

    async function opened(changes: Partial<SessionRecord> = {}) {
      const user = await add()
      const session = aSession(user, changes)
      assert.equal(await store.sessions.create(session), true)
      return { user, session }
    }

    test('a session is read as it was written', async () => {
      const strong = { authenticatedAt: now - 9, acr: '2fa', amr: ['pwd', 'otp'] }
      for (const changes of [{}, { scopes: [], label: '', address: '', amr: [] }, strong]) {
        const { session } = await opened(changes)
        assert.deepEqual(await other.sessions.find(session.id), session)
      }
      assert.equal(await store.sessions.find(randomUUID()), null)
    })

    test('none is opened for a user who is inactive, gone, or has another stamp (AZ-08)', async () => {
      const inactive = await add({ active: false })
      const active = await add()
      for (const session of [
        aSession(inactive),
        aSession(aUser()),
        aSession(active, { securityStamp: 'old' }),
      ]) {
        assert.equal(await store.sessions.create(session), false)
        assert.equal(await store.sessions.find(session.id), null)
      }
    })

    test('a rotation moves a live session on by one', async () => {
      const { session } = await opened()
      const rotated = await store.sessions.rotate(rotation(session))
      assert.deepEqual(rotated, { ...session, generation: 1, rotatedAt: now + 10 })
      assert.deepEqual(await other.sessions.find(session.id), rotated)
    })

    test('a session rotates until its last second, and each generation once', async () => {
      const { session } = await opened()
      const last = { now: session.expiresAt - 1, idleSince: session.rotatedAt - 1 }
      assert.ok(await store.sessions.rotate(rotation(session, last)))
      assert.equal(await other.sessions.rotate(rotation(session, last)), null)
      const next = await other.sessions.rotate(rotation(session, { ...last, generation: 1 }))
      assert.equal(next?.generation, 2)
    })

    test('a rotation of what is not live, or not theirs, changes nothing', async () => {
      const { session, user } = await opened()
      for (const wrong of [
        { generation: 1 },
        { generation: -1 },
        { clientId: 'another' },
        { now: session.expiresAt },
        { idleSince: session.rotatedAt },
        { id: randomUUID() },
      ]) {
        assert.equal(await store.sessions.rotate(rotation(session, wrong)), null)
      }
      await store.users.update(user.id, { active: false })
      assert.equal(await store.sessions.rotate(rotation(session)), null)
      await store.users.update(user.id, { active: true, securityStamp: 'new' })
      assert.equal(await store.sessions.rotate(rotation(session)), null)
      assert.deepEqual(await store.sessions.find(session.id), session)
    })

    test('of 50 rotations at the same time, one moves the session on (SR-04)', async () => {
      for (let round = 0; round < 5; round++) {
        const { session } = await opened()
        const rotated = await fiftyAtOnce([store, other], ({ sessions }) =>
          sessions.rotate(rotation(session)),
        )
        assert.equal(answersOf(rotated).filter((each) => each !== null).length, 1)
        assert.equal((await store.sessions.find(session.id))?.generation, 1)
      }
    })

    test('a revoked session rotates no more, and is revoked once (SR-09)', async () => {
      const { session, user } = await opened()
      assert.equal(
        await store.sessions.revoke(session.id, now + 1, { userId: 'somebody else' }),
        false,
      )
      assert.equal(await store.sessions.revoke(session.id, now + 1, { userId: user.id }), true)
      assert.equal(await store.sessions.revoke(session.id, now + 2), false)
      assert.equal((await other.sessions.find(session.id))?.revokedAt, now + 1)
      assert.equal(await other.sessions.rotate(rotation(session)), null)
    })

    test('after a revocation that was acknowledged, no rotation succeeds (SR-09, keycloak 51312)', async () => {
      for (let round = 0; round < 10; round++) {
        const { session } = await opened()
        await Promise.all([
          store.sessions.revoke(session.id, now),
          ...[0, 1, 2].map(() => other.sessions.rotate(rotation(session))),
        ])
        const generation = (await store.sessions.find(session.id))?.generation ?? 0
        assert.equal(await other.sessions.rotate(rotation(session, { generation })), null)
      }
    })

    test('the live sessions of a client end in batches, of all its users, and no others', async () => {
      const clientId = 'ending'
      const theirs = [await opened({ clientId }), await opened({ clientId })]
      const { session: ended } = await opened({ clientId })
      await store.sessions.revoke(ended.id, now - 1)
      const { session: another } = await opened()
      const { session: firstParty } = await opened({ clientId: 'first-party' })
      assert.equal(await store.sessions.revokeByClient(clientId, now, 1), 1)
      assert.equal(await other.sessions.revokeByClient(clientId, now, 5), 1)
      assert.equal(await store.sessions.revokeByClient(clientId, now, 5), 0)
      assert.equal(await store.sessions.revokeByClient('first-party', now, 5), 0)
      const endedAt = async (id: string) => (await other.sessions.find(id))?.revokedAt
      for (const { session } of theirs) assert.equal(await endedAt(session.id), now)
      assert.equal(await endedAt(ended.id), now - 1)
      for (const { id } of [another, firstParty]) assert.equal(await endedAt(id), null)
    })

    test('a user has the live sessions, newest first', async () => {
      const user = await add()
      const make = async (changes: Partial<SessionRecord> = {}) => {
        const session = aSession(user, changes)
        await store.sessions.create(session)
        return session.id
      }
      // One of them is live for a second more, the other was used just in time.
      const edges = [await make({ expiresAt: now + 6 }), await make({ rotatedAt: now - 99 })]
      const ids = [...edges, await make()].sort().reverse()
      await make({ expiresAt: now + 5 })
      await make({ rotatedAt: now - 100 })
      await store.sessions.revoke(await make(), now)
      const list = async () =>
        (await other.sessions.listByUser(user.id, now + 5, now - 100)).map(({ id }) => id)
      assert.deepEqual(await list(), ids)
      const [newest] = await other.sessions.listByUser(user.id, now + 5, now - 100)
      assert.deepEqual(newest, await store.sessions.find(String(ids[0])))
      await store.users.update(user.id, { securityStamp: 'new' })
      assert.deepEqual(await list(), [])
    })

    test('the most recently used sessions are kept, of one user', async () => {
      const { session: theirs } = await opened()
      const user = await add()
      const sessions = [3, 1, 2].map((used) => aSession(user, { rotatedAt: now + used }))
      for (const session of sessions) await store.sessions.create(session)
      assert.equal(await store.sessions.trim(user.id, 3), 0)
      assert.equal(await store.sessions.trim(user.id, 2), 1)
      const found = await Promise.all(sessions.map(({ id }) => other.sessions.find(id)))
      assert.deepEqual(
        found.map((session) => session !== null),
        [true, false, true],
      )
      assert.ok(await other.sessions.find(theirs.id))
    })

    test('of 50 that trim at the same time, all do, and none takes one too many', async () => {
      for (let round = 0; round < 5; round++) {
        const { user, session } = await opened()
        const newer = [1, 2].map((used) => aSession(user, { rotatedAt: now + used }))
        for (const each of newer) await store.sessions.create(each)
        const trimmed = await fiftyAtOnce([store, other], (each) => each.sessions.trim(user.id, 2))
        assert.deepEqual(answersOf(trimmed).filter(Boolean), [1])
        assert.equal(await other.sessions.find(session.id), null)
        for (const { id } of newer) assert.ok(await other.sessions.find(id))
      }
    })

    test('the subject of a request is the user, with the stamp of a session of theirs', async () => {
      const { user, session } = await opened()
      const { session: theirs } = await opened()
      const stampOf = async (sessionId: string | null) => {
        const subject = await other.findSubject(user.id, sessionId)
        assert.deepEqual(subject?.user, user)
        return subject?.sessionStamp
      }
      assert.equal(await stampOf(session.id), user.securityStamp)
      assert.equal(await stampOf(null), null)
      assert.equal(await stampOf(randomUUID()), null)
      assert.equal(await stampOf(theirs.id), null)
      await store.sessions.revoke(session.id, now)
      assert.equal(await stampOf(session.id), null)
      assert.equal(await store.findSubject(randomUUID(), session.id), null)
      await store.users.remove(user.id)
      assert.equal(await other.findSubject(user.id, session.id), null)
    })
  })
}
