import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { FactorRecord } from '../../core/factors/factor-store.ts'
import { testsOf } from './optional.ts'
import { addUser, aFactor, anEvent, conflict, now, type Stores } from './records.ts'

/** How factors of a store change, and end. */
export function factorChangesContract(stores: Stores): void {
  describe('changes of second factors', () => {
    const test = testsOf(stores, 'factors')

    test('a confirmed factor of one’s own gets another name', async ([store, other]) => {
      const user = await addUser(store)
      const [factor, unconfirmed] = [aFactor(user, { confirmedAt: now }), aFactor(user)]
      for (const each of [factor, unconfirmed]) await store.factors.begin(each)
      const event = anEvent({ userId: user.id })
      const stranger = await addUser(store)
      for (const [owner, id] of [
        ...[[stranger.id, factor.id] as const, [user.id, unconfirmed.id] as const],
        [user.id, randomUUID()] as const,
      ]) {
        assert.equal(await store.factors.rename(owner, id, 'new', { event }), false)
      }
      assert.equal(await store.factors.rename(user.id, factor.id, 'new', { event }), true)
      const listed = await other.factors.listByUser(user.id)
      assert.deepEqual(listed, [{ ...factor, name: 'new' }, unconfirmed])
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
    })

    test('a factor is removed, with codes if it was the last, and sessions if they are to end', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const stranger = await addUser(store)
      const [factor, another] = [1, 2].map(() => aFactor(user, { confirmedAt: now })) as [
        FactorRecord,
        FactorRecord,
      ]
      const unconfirmed = aFactor(user)
      for (const each of [factor, another, unconfirmed]) await store.factors.begin(each)
      await store.factors.replaceRecoveryCodes(user.id, [randomUUID()])
      const event = anEvent({ userId: user.id })
      for (const [owner, id] of [
        ...[[stranger.id, factor.id] as const, [user.id, unconfirmed.id] as const],
      ]) {
        const removed = store.factors.remove(owner, id, { event, securityStamp: 'x' })
        assert.equal(await removed, false)
      }
      assert.equal(await store.factors.remove(user.id, factor.id, { event }), true)
      assert.deepEqual(await other.factors.listByUser(user.id), [another, unconfirmed])
      assert.equal(await other.factors.countRecoveryCodes(user.id), 1)
      assert.deepEqual(await other.users.findById(user.id), user)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
      const ends = { securityStamp: 'renewed' }
      assert.equal(await store.factors.remove(user.id, another.id, ends), true)
      assert.equal(await other.factors.countRecoveryCodes(user.id), 0)
      const seen = await other.findSubject(user.id, null)
      assert.deepEqual(seen?.user, { ...user, ...ends })
      assert.deepEqual(await other.users.findById(stranger.id), stranger)
    })

    test('of two that remove the last two factors one is refused, if one must stay', async ([
      store,
      other,
    ]) => {
      for (let round = 0; round < 5; round++) {
        const user = await addUser(store)
        const factors = [1, 2].map(() => aFactor(user, { confirmedAt: now }))
        for (const each of factors) await store.factors.begin(each)
        const removed = await Promise.allSettled(
          factors.map(({ id }, index) =>
            [store, other][index]?.factors.remove(user.id, id, { keepOne: true }),
          ),
        )
        const refused = removed.flatMap((each) => (each.status === 'rejected' ? each.reason : []))
        assert.equal(refused.length, 1)
        assert.ok(conflict('last_factor')(refused[0]))
        assert.equal((await other.factors.listByUser(user.id)).length, 1)
      }
      const user = await addUser(store)
      const factor = aFactor(user)
      await store.factors.begin(factor)
      const removed = store.factors.remove(user.id, factor.id, { keepOne: true })
      assert.equal(await removed, false, 'it is not confirmed')
    })

    test('all factors of a user are removed, with codes and sessions', async ([store, other]) => {
      const [user, stranger] = [await addUser(store), await addUser(store)]
      const theirs = aFactor(stranger, { confirmedAt: now })
      const event = anEvent({ userId: user.id })
      const removal = { event, securityStamp: 'renewed' }
      await store.factors.begin(aFactor(user))
      assert.equal(await store.factors.removeAll(user.id, removal), false, 'none is confirmed')
      assert.deepEqual(await other.users.findById(user.id), user)
      for (const each of [theirs, aFactor(user, { confirmedAt: now }), aFactor(user)]) {
        await store.factors.begin(each)
      }
      await store.factors.begin(aFactor(user, { confirmedAt: now }))
      await store.factors.replaceRecoveryCodes(user.id, [randomUUID()])
      assert.equal(await store.factors.removeAll(user.id, removal), true)
      assert.deepEqual(await other.factors.listByUser(user.id), [])
      assert.equal(await other.factors.countRecoveryCodes(user.id), 0)
      const seen = await other.findSubject(user.id, null)
      assert.equal(seen?.user.securityStamp, 'renewed')
      assert.deepEqual(await other.factors.listByUser(stranger.id), [theirs])
      assert.deepEqual(await other.users.findById(stranger.id), stranger)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
    })

    test('pruning deletes enrolments that came to nothing, so many at most', async ([store]) => {
      const users = [await addUser(store), await addUser(store), await addUser(store)]
      const old = users.map((user) => aFactor(user, { createdAt: 5 }))
      const confirmed = users.map((user) => aFactor(user, { createdAt: 5, confirmedAt: 6 }))
      const young = aFactor(await addUser(store), { createdAt: 6 })
      for (const each of [...old, ...confirmed, young]) await store.factors.begin(each)
      assert.deepEqual([await store.factors.prune(6, 2), await store.factors.prune(6, 2)], [2, 1])
      assert.equal(await store.factors.prune(6, 2), 0)
      for (const [index, { id }] of users.entries()) {
        assert.deepEqual(await store.factors.listByUser(id), [confirmed[index]])
      }
      assert.deepEqual(await store.factors.listByUser(young.userId), [young])
    })
  })
}
