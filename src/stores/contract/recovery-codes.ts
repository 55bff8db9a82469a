import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import { testsOf } from './optional.ts'
import {
  addUser,
  aFactor,
  anEvent,
  answersOf,
  aTokenOf,
  conflict,
  fiftyAtOnce,
  now,
  type Stores,
} from './records.ts'

/** What a store keeps of recovery codes. */
export function recoveryCodesContract(stores: Stores): void {
  describe('recovery codes', () => {
    const test = testsOf(stores, 'factors', 'oneTimeTokens')

    test('a code is used once, of 50 at the same time, and by its user alone (AC-73)', async ([
      store,
      other,
    ]) => {
      const [user, stranger] = [await addUser(store), await addUser(store)]
      for (const each of [user, stranger]) await store.factors.begin(aFactor(each, confirmed))
      const [code, another] = [randomUUID(), randomUUID()]
      await store.factors.replaceRecoveryCodes(user.id, [code, another])
      await store.factors.replaceRecoveryCodes(stranger.id, [randomUUID()])
      const event = anEvent({ userId: user.id })
      assert.equal(await store.factors.useRecoveryCode(stranger.id, code, { event }), false)
      for (const wrong of [code.toUpperCase(), randomUUID(), '']) {
        assert.equal(await store.factors.useRecoveryCode(user.id, wrong, { event }), false)
      }
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [])
      const used = await fiftyAtOnce([store, other], (each) =>
        each.factors.useRecoveryCode(user.id, code, { event: anEvent({ userId: user.id }) }),
      )
      assert.equal(answersOf(used).filter(Boolean).length, 1)
      assert.equal((await other.events.list({ userId: user.id, limit: 9 })).length, 1)
      assert.equal(await other.factors.countRecoveryCodes(user.id), 1)
      assert.equal(await other.factors.countRecoveryCodes(stranger.id), 1)
      assert.equal(await other.factors.useRecoveryCode(user.id, another), true)
      assert.equal(await other.factors.countRecoveryCodes(user.id), 0)
    })

    test('of two codes for one token one is used (AC-74)', async ([store, other]) => {
      for (let round = 0; round < 5; round++) {
        const user = await addUser(store)
        await store.factors.begin(aFactor(user, confirmed))
        const codes = [randomUUID(), randomUUID()]
        await store.factors.replaceRecoveryCodes(user.id, codes)
        const token = aTokenOf(user)
        await store.oneTimeTokens.put(token)
        const redeems = { digest: token.digest, now }
        const used = await Promise.allSettled(
          codes.map((code, index) =>
            [store, other][index]?.factors.useRecoveryCode(user.id, code, { redeems }),
          ),
        )
        const refused = used.flatMap((each) => (each.status === 'rejected' ? each.reason : []))
        assert.ok(conflict('token_ended')(refused[0]))
        assert.equal(await other.factors.countRecoveryCodes(user.id), 1)
      }
    })

    test('new codes take the place of all that the user has, and of nobody else’s', async ([
      store,
      other,
    ]) => {
      const [user, stranger] = [await addUser(store), await addUser(store)]
      for (const each of [user, stranger]) await store.factors.begin(aFactor(each, confirmed))
      await store.factors.replaceRecoveryCodes(stranger.id, [randomUUID()])
      const [before, after] = [[randomUUID(), randomUUID()], [randomUUID()]]
      await store.factors.replaceRecoveryCodes(user.id, before)
      const event = anEvent({ userId: user.id })
      assert.equal(await store.factors.replaceRecoveryCodes(user.id, after, { event }), true)
      assert.equal(await other.factors.countRecoveryCodes(user.id), 1)
      assert.equal(await other.factors.countRecoveryCodes(stranger.id), 1)
      assert.equal(await other.factors.useRecoveryCode(user.id, before[0] ?? ''), false)
      assert.equal(await other.factors.useRecoveryCode(user.id, after[0] ?? ''), true)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
    })

    test('nobody has codes without a factor that is confirmed', async ([store, other]) => {
      const user = await addUser(store)
      await store.factors.begin(aFactor(user))
      const event = anEvent({ userId: user.id })
      const codes = [randomUUID()]
      assert.equal(await store.factors.replaceRecoveryCodes(user.id, codes, { event }), false)
      assert.equal(await other.factors.countRecoveryCodes(user.id), 0)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [])
    })

    test('codes go with their user', async ([store, other]) => {
      const user = await addUser(store)
      await store.factors.begin(aFactor(user, confirmed))
      await store.factors.replaceRecoveryCodes(user.id, [randomUUID()])
      await store.users.remove(user.id)
      assert.equal(await other.factors.countRecoveryCodes(user.id), 0)
    })
  })
}

const confirmed = { confirmedAt: now }
