import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { FactorConfirmation, FactorRecord } from '../../core/factors/factor-store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { type Having, testsOf } from './optional.ts'
import {
  addUser,
  aFactor,
  anEvent,
  answersOf,
  aSession,
  aTokenOf,
  aUser,
  conflict,
  fiftyAtOnce,
  now,
  type Stores,
} from './records.ts'

/** What a store keeps of second factors. */
export function factorsContract(stores: Stores): void {
  describe('second factors', () => {
    const test = testsOf(stores, 'factors', 'oneTimeTokens')

    test('a factor is read as it was written, in the list of its user alone', async ([
      store,
      other,
    ]) => {
      const [user, stranger] = [await addUser(store), await addUser(store)]
      const factors = [
        aFactor(user, { name: 'ünï "quoted"', createdAt: 2 ** 40 }),
        aFactor(user, {
          ...{ kind: 'passkey', sealedSecret: null, confirmedAt: 2 ** 40 },
          ...{ lastUsedAt: 2 ** 40 + 1, lastStep: 2 ** 40 },
          passkey: {
            ...{ credentialId: randomUUID(), publicKey: 'key', counter: 2 ** 32 },
            ...{ backupEligible: true, backedUp: false, transports: ['internal', 'usb'] },
            aaguid: randomUUID(),
          },
        }),
        aFactor(user, { confirmedAt: now, lastStep: 0 }),
      ]
      for (const each of factors.toReversed()) assert.equal(await store.factors.begin(each), true)
      assert.deepEqual(await other.factors.listByUser(user.id), factors)
      assert.deepEqual(await other.factors.listByUser(stranger.id), [])
      assert.equal(await store.factors.begin(aFactor(aUser())), false, 'there is no such user')
      await store.users.remove(user.id)
      assert.deepEqual(await other.factors.listByUser(user.id), [])
    })

    test('a user enrols one factor at a time, of 50 at the same time too', async ([
      store,
      other,
    ]) => {
      const [user, stranger] = [await addUser(store), await addUser(store)]
      const confirmed = aFactor(user, { confirmedAt: now })
      const theirs = aFactor(stranger)
      for (const each of [confirmed, theirs]) await store.factors.begin(each)
      const begun = await fiftyAtOnce([store, other], (each) => each.factors.begin(aFactor(user)))
      assert.deepEqual(new Set(answersOf(begun)), new Set([true]))
      const listed = await store.factors.listByUser(user.id)
      assert.equal(listed.length, 2)
      assert.deepEqual(
        listed.filter(({ confirmedAt }) => confirmedAt !== null),
        [confirmed],
      )
      assert.deepEqual(await store.factors.listByUser(stranger.id), [theirs])
    })

    test('the first factor ends every other session, brings codes, and is an event', async ([
      store,
      other,
    ]) => {
      const { user, factor, confirmation } = await enrolling(store)
      const [kept, ended] = [aSession(user), aSession(user)]
      for (const each of [kept, ended]) {
        await store.sessions.create(each)
        const seen = await other.findSubject(user.id, each.id)
        assert.equal(seen?.sessionStamp, user.securityStamp)
      }
      const event = anEvent({ userId: user.id })
      const first = { ...firstOf(), keepSession: { id: kept.id } }
      assert.equal(await store.factors.confirm({ ...confirmation, first }, { event }), true)
      assert.deepEqual(await other.factors.listByUser(user.id), [
        { ...factor, confirmedAt: now + 5, lastUsedAt: now + 5, lastStep: 7 },
      ])
      assert.equal(await other.factors.countRecoveryCodes(user.id), 2)
      const stamped = { ...user, securityStamp: first.securityStamp }
      const stampOf = async (id: string) =>
        (await other.findSubject(user.id, id))?.sessionStamp === first.securityStamp
      assert.deepEqual((await other.findSubject(user.id, kept.id))?.user, stamped)
      assert.deepEqual([await stampOf(kept.id), await stampOf(ended.id)], [true, false])
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
      assert.equal(await store.factors.confirm({ ...confirmation, first }), false, 'it is already')
    })

    test('a factor is confirmed only as it was asked for', async ([store, other]) => {
      const { user, factor, confirmation } = await enrolling(store)
      const event = anEvent({ userId: user.id })
      const first = firstOf()
      for (const [why, wrong] of Object.entries({
        'it is another’s': { userId: (await addUser(store)).id, first },
        'the stamp has changed': { securityStamp: 'another', first },
        'it is too old': { createdAfter: factor.createdAt, first },
        'there is none': { id: randomUUID(), first },
        'it is the first': { first: undefined },
      })) {
        const confirmed = store.factors.confirm({ ...confirmation, ...wrong }, { event })
        assert.equal(await confirmed, false, why)
      }
      assert.deepEqual(await other.factors.listByUser(user.id), [factor])
      assert.deepEqual(await other.users.findById(user.id), user)
      assert.equal(await other.factors.countRecoveryCodes(user.id), 0)
      await store.users.update(user.id, { active: false })
      assert.equal(await store.factors.confirm({ ...confirmation, first }, { event }), false)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [])
    })

    test('a second factor ends nothing, and is no first one', async ([store, other]) => {
      const user = await addUser(store)
      await store.factors.begin(aFactor(user, { confirmedAt: now }))
      const factor = aFactor(user)
      await store.factors.begin(factor)
      const confirmation = confirmationOf(user, factor)
      const first = firstOf()
      assert.equal(await store.factors.confirm({ ...confirmation, first }), false)
      assert.equal(await store.factors.confirm(confirmation), true)
      assert.deepEqual(await other.users.findById(user.id), user)
      assert.equal(await other.factors.countRecoveryCodes(user.id), 0)
    })

    test('of 50 that confirm a factor at the same time one does', async ([store, other]) => {
      const { user, confirmation } = await enrolling(store)
      const results = await fiftyAtOnce([store, other], (each) =>
        each.factors.confirm({ ...confirmation, first: firstOf() }),
      )
      assert.equal(answersOf(results).filter(Boolean).length, 1)
      assert.equal(await store.factors.countRecoveryCodes(user.id), 2)
    })

    test('a time step is used once, of 50 at the same time, and no older one after it (AC-63)', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const factor = aFactor(user, { confirmedAt: now, lastStep: 9 })
      const [bystander, unconfirmed] = [aFactor(user, { confirmedAt: now }), aFactor(user)]
      for (const each of [factor, bystander, unconfirmed]) await store.factors.begin(each)
      const use = { id: factor.id, step: 10, now: now + 1 }
      const used = await fiftyAtOnce([store, other], (each) => each.factors.useStep(use))
      assert.equal(answersOf(used).filter(Boolean).length, 1)
      const event = anEvent({ userId: user.id })
      for (const step of [8, 9, 10]) {
        assert.equal(await other.factors.useStep({ ...use, step }, { event }), false)
      }
      assert.equal(await other.factors.useStep({ ...use, id: unconfirmed.id }, { event }), false)
      const after = { ...use, step: 12, now: now + 2, sealedSecret: 'v1.another' }
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [])
      assert.equal(await other.factors.useStep(after, { event }), true)
      assert.equal(await store.factors.useStep({ ...use, step: 11 }), false)
      assert.deepEqual(await store.factors.listByUser(user.id), [
        { ...factor, lastStep: 12, lastUsedAt: now + 2, sealedSecret: 'v1.another' },
        ...[bystander, unconfirmed],
      ])
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
      const firstUse = { ...use, id: bystander.id, step: 0 }
      assert.equal(await store.factors.useStep(firstUse), true, 'none was used before')
    })

    test('a step is used with the token that it comes with, or not at all', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const factor = aFactor(user, { confirmedAt: now })
      const token = aTokenOf(user)
      await store.factors.begin(factor)
      await store.oneTimeTokens.put(token)
      const redeems = { digest: token.digest, now }
      const use = (step: number) => other.factors.useStep({ id: factor.id, step, now }, { redeems })
      assert.equal(await use(5), true)
      assert.equal(await store.oneTimeTokens.find(token.digest, now), null)
      await assert.rejects(use(6), conflict('token_ended'))
      assert.equal((await store.factors.listByUser(user.id))[0]?.lastStep, 5)
      const another = aTokenOf(user)
      await store.oneTimeTokens.put(another)
      const stale = { id: factor.id, step: 5, now }
      const answer = other.factors.useStep(stale, { redeems: { digest: another.digest, now } })
      assert.equal(await answer, false)
      assert.notEqual(await store.oneTimeTokens.find(another.digest, now), null)
    })
  })
}

/** A user with a factor that is not confirmed. */
async function enrolling(store: Having<'factors'>): Promise<{
  readonly user: UserRecord
  readonly factor: FactorRecord
  readonly confirmation: FactorConfirmation
}> {
  const user = await addUser(store)
  const factor = aFactor(user)
  await store.factors.begin(factor)
  return { user, factor, confirmation: confirmationOf(user, factor) }
}

function confirmationOf({ id, securityStamp }: UserRecord, factor: FactorRecord) {
  const when = { step: 7, now: now + 5, createdAfter: now - 1 }
  return { id: factor.id, userId: id, securityStamp, ...when }
}

function firstOf(): NonNullable<FactorConfirmation['first']> {
  return { securityStamp: randomUUID(), recoveryCodes: [randomUUID(), randomUUID()] }
}
