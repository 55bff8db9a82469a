import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, describe, test } from 'node:test'
import type { Reauthentication, SessionRecord } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import { addUser, anEvent, aSession, now, type Stores } from './records.ts'
import { settledRetries } from './refresh-retries.ts'

/** What a store keeps of users who authenticate again in a session. */
export function stepUpsContract(stores: Stores): void {
  describe('step-ups', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    async function opened() {
      const user = await addUser(store)
      const session = aSession(user)
      assert.equal(await store.sessions.create(session), true)
      return { user, session }
    }

    const again = (session: SessionRecord, changes: Partial<Reauthentication> = {}) => ({
      id: session.id,
      userId: session.userId,
      securityStamp: session.securityStamp,
      idleSince: now - 100,
      authenticatedAt: now + 10,
      acr: '2fa',
      amr: ['pwd', 'otp'],
      ...changes,
    })

    test('a user who authenticates again does so for one session, and a rotation keeps it (AC-93)', async () => {
      const { session, user } = await opened()
      const another = aSession(user)
      await store.sessions.create(another)
      const raised = { authenticatedAt: now + 10, acr: '2fa', amr: ['pwd', 'otp'] }
      const event = anEvent({ type: 'step_up', userId: user.id, sessionId: session.id })
      const authenticated = await store.sessions.reauthenticate(again(session), event)
      assert.deepEqual(authenticated, { ...session, ...raised, retryOf: session.generation })
      assert.deepEqual(await other.sessions.find(session.id), authenticated)
      assert.deepEqual(await other.sessions.find(another.id), another)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
      const rotated = await other.sessions.rotate({
        ...{ id: session.id, generation: 0, clientId: 'client', now: now + 10, idleSince: 0 },
      })
      assert.deepEqual(rotated, { ...session, ...raised, generation: 1, rotatedAt: now + 10 })
    })

    test('once a user has authenticated again, no earlier token is good for a retry (AC-93)', async () => {
      const user = await addUser(store)
      for (const [retryOf, expected] of settledRetries) {
        const session = aSession(user, { generation: 2, retryOf })
        await store.sessions.create(session)
        const authenticated = await store.sessions.reauthenticate(again(session))
        assert.equal(authenticated?.retryOf, expected)
        assert.deepEqual(await other.sessions.find(session.id), authenticated)
      }
    })

    test('a new token that comes with it is the first made from the one before (AC-93)', async () => {
      const user = await addUser(store)
      for (const retryOf of [null, 2, 0, -1]) {
        const session = aSession(user, { generation: 2, retryOf })
        await store.sessions.create(session)
        const authenticated = await store.sessions.reauthenticate(again(session, { generation: 2 }))
        assert.deepEqual([authenticated?.generation, authenticated?.retryOf], [3, null])
        assert.deepEqual(await other.sessions.find(session.id), authenticated)
      }
    })

    test('nobody authenticates again for what is not live, or not theirs', async () => {
      const { session, user } = await opened()
      const event = anEvent({ type: 'step_up', userId: user.id })
      const refuse = async (changes: Partial<Reauthentication> = {}) =>
        assert.equal(await store.sessions.reauthenticate(again(session, changes), event), null)
      for (const wrong of [
        { id: randomUUID() },
        { userId: (await addUser(store)).id },
        { securityStamp: 'another' },
        { authenticatedAt: session.expiresAt },
        { idleSince: session.rotatedAt },
        { token: { issuedAt: session.rotatedAt - 1, authenticatedAt: 0 } },
        { token: { issuedAt: session.rotatedAt, authenticatedAt: session.authenticatedAt + 1 } },
      ]) {
        await refuse(wrong)
      }
      await store.users.update(user.id, { active: false })
      await refuse()
      await store.users.update(user.id, { active: true, securityStamp: 'new' })
      for (const wrong of [{}, { securityStamp: 'new' }]) await refuse(wrong)
      assert.deepEqual(await other.sessions.find(session.id), session)
      const { session: revoked } = await opened()
      await store.sessions.revoke(revoked.id, now)
      assert.equal(await store.sessions.reauthenticate(again(revoked), event), null)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [])
      const token = { issuedAt: session.rotatedAt, authenticatedAt: session.authenticatedAt }
      const late = { authenticatedAt: session.expiresAt - 1, idleSince: now - 1, token }
      await store.users.update(user.id, { securityStamp: session.securityStamp })
      assert.ok(await store.sessions.reauthenticate(again(session, late)))
    })
  })
}
