import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Rotation, SessionRecord } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import { addUser, aSession, now, type Stores } from './records.ts'

/**
 * What `retryOf` of a session of generation 2 becomes when no earlier token is to be good for a retry any more:
 * before and after.
 */
export const settledRetries: readonly (readonly [number | null, number])[] = [
  [null, 2],
  [2, 2],
  [0, -1],
  [-1, -1],
]

/** What a store keeps of refresh tokens that are presented again because their answers were lost. */
export function refreshRetriesContract(stores: Stores): void {
  describe('refresh retries', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    /** A session at its second generation, whose token has not been used. */
    async function refreshed(): Promise<SessionRecord> {
      const session = aSession(await addUser(store), { generation: 1 })
      assert.equal(await store.sessions.create(session), true)
      return session
    }

    const rotation = ({ id }: SessionRecord, changes: Partial<Rotation> = {}): Rotation => ({
      ...{ id, generation: 1, clientId: 'client', now: now + 20, idleSince: now - 100 },
      ...changes,
    })

    test('a retry is stored with the token that it was made for, until the next rotation (SR-14)', async () => {
      const session = await refreshed()
      const retried = await store.sessions.rotate(rotation(session, { retryOf: 0 }))
      assert.deepEqual(retried, { ...session, generation: 2, retryOf: 0, rotatedAt: now + 20 })
      assert.deepEqual(await other.sessions.find(session.id), retried)
      const again = await other.sessions.rotate(rotation(session, { generation: 2, retryOf: 0 }))
      assert.deepEqual(again, { ...retried, generation: 3 })
      const next = await other.sessions.rotate(rotation(session, { generation: 3 }))
      assert.deepEqual(next, { ...session, generation: 4, rotatedAt: now + 20 })
      assert.deepEqual(await store.sessions.find(session.id), next)
    })

    test('a retry of what is not live, not theirs, or has moved on changes nothing', async () => {
      const session = await refreshed()
      for (const wrong of [
        { generation: 0 },
        { generation: 2 },
        { clientId: 'another' },
        { now: session.expiresAt },
        { idleSince: session.rotatedAt },
      ]) {
        const retry = rotation(session, { retryOf: 0, ...wrong })
        assert.equal(await store.sessions.rotate(retry), null)
      }
      await store.sessions.revoke(session.id, now)
      assert.equal(await store.sessions.rotate(rotation(session, { retryOf: 0 })), null)
      assert.deepEqual(await other.sessions.find(session.id), { ...session, revokedAt: now })
    })

    test('of 50 retries and 50 uses of the successor at the same time, one moves the session on (SR-04, SR-14)', async () => {
      for (let round = 0; round < 5; round++) {
        const session = await refreshed()
        const rotated = await Promise.all(
          Array.from({ length: 100 }, (_, index) => {
            const retryOf = (index + round) % 2 ? 0 : undefined
            const { sessions } = index % 4 < 2 ? store : other
            return sessions.rotate(rotation(session, { retryOf }))
          }),
        )
        const [winner, ...others] = rotated.filter((each) => each !== null)
        assert.ok(winner)
        assert.deepEqual(others, [])
        assert.equal(winner.generation, 2)
        assert.deepEqual(await store.sessions.find(session.id), winner)
      }
    })
  })
}
