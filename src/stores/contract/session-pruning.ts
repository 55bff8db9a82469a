import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import { addUser, aSession, now, type Stores } from './records.ts'

/** Which sessions pruning deletes. */
export function sessionPruningContract(stores: Stores): void {
  describe('pruning of sessions', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    async function opened(changes: Partial<SessionRecord> = {}) {
      const session = aSession(await addUser(store), changes)
      assert.equal(await store.sessions.create(session), true)
      return { session }
    }

    test('what ended is pruned in batches, what is live stays (RI-12)', async () => {
      await store.sessions.prune(now + 100_000, now + 100_000, 1_000_000)
      const { session: live } = await opened()
      // Not before the instants, but at them.
      const edges = [await opened({ expiresAt: now }), await opened({ rotatedAt: now - 100 })]
      const justRevoked = await opened()
      await store.sessions.revoke(justRevoked.session.id, now)
      const { session: expired } = await opened({ expiresAt: now - 1 })
      const { session: idle } = await opened({ rotatedAt: now - 101 })
      const { session: revoked } = await opened()
      await store.sessions.revoke(revoked.id, now - 1)
      const prune = (limit: number) => store.sessions.prune(now, now - 100, limit)
      assert.deepEqual(await prune(2), { deleted: 2, seen: 2 })
      assert.deepEqual(await prune(2), { deleted: 1, seen: 1 })
      assert.deepEqual(await prune(2), { deleted: 0, seen: 0 })
      for (const { id } of [expired, idle, revoked]) {
        assert.equal(await other.sessions.find(id), null)
      }
      for (const { id } of [live, ...[...edges, justRevoked].map(({ session }) => session)]) {
        assert.ok(await other.sessions.find(id))
      }
    })

    test('what was used since it was opened is looked at by pruning, and stays (RI-12)', async () => {
      await store.sessions.prune(now + 100_000, now + 100_000, 1_000_000)
      const idleSince = now - 1000
      const used = [await opened({ rotatedAt: now - 200 }), await opened({ rotatedAt: now - 200 })]
      for (const { session } of used) {
        const { id, clientId } = session
        assert.ok(await store.sessions.rotate({ id, generation: 0, clientId, now, idleSince }))
      }
      const { session: idle } = await opened({ rotatedAt: now - 199 })
      let deleted = 0
      for (let batches = 0; ; batches++) {
        assert.ok(batches < 4, 'pruning comes to an end')
        const batch = await store.sessions.prune(now, now - 100, 1)
        assert.ok(batch.deleted <= batch.seen && batch.seen <= 1)
        deleted += batch.deleted
        if (batch.seen === 0) break
      }
      assert.equal(deleted, 1)
      assert.equal(await other.sessions.find(idle.id), null)
      for (const { session } of used) {
        assert.equal((await other.sessions.find(session.id))?.rotatedAt, now)
      }
      // A day later they are idle themselves.
      assert.equal((await store.sessions.prune(now, now + 1, 9)).deleted, 2)
    })
  })
}
