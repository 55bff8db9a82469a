import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { FactorRecord, FirstFactor } from '../../core/factors/factor-store.ts'
import type { Spending } from '../../core/factors/passkey-store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { testsOf } from './optional.ts'
import {
  addUser,
  aFactor,
  anEvent,
  answersOf,
  aPasskey,
  aSession,
  aTokenOf,
  conflict,
  fiftyAtOnce,
  now,
  type Stores,
} from './records.ts'

/** What a store keeps of passkeys. */
export function passkeysContract(stores: Stores): void {
  describe('passkeys', () => {
    const test = testsOf(stores, 'factors', 'oneTimeTokens')

    test('a passkey is there at once, is found by its credential, and is an event', async ([
      store,
      other,
    ]) => {
      const [user, stranger] = [await addUser(store), await addUser(store)]
      const [kept, ended] = [aSession(user), aSession(user)]
      for (const each of [kept, ended]) {
        await store.sessions.create(each)
        assert.notEqual(await other.findSubject(user.id, each.id), null)
      }
      const factor = aPasskey(user)
      const [event, first] = [
        anEvent({ userId: user.id }),
        { ...aFirst(), keepSession: { id: kept.id } },
      ]
      const added = await store.factors.addPasskey(
        { ...additionOf(user, factor), first },
        { event },
      )
      assert.equal(added, true)
      assert.deepEqual(await other.factors.listByUser(user.id), [factor])
      assert.deepEqual(await other.factors.findPasskey(credentialOf(factor)), factor)
      assert.equal(await other.factors.findPasskey(credentialOf(factor).toUpperCase()), null)
      assert.deepEqual(await other.factors.listByUser(stranger.id), [])
      assert.equal(await other.factors.countRecoveryCodes(user.id), 2)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
      const stampOf = async (id: string) => (await other.findSubject(user.id, id))?.sessionStamp
      assert.equal(await stampOf(kept.id), first.securityStamp)
      assert.notEqual(await stampOf(ended.id), first.securityStamp)
      const seen = await other.findSubject(user.id, null)
      assert.equal(seen?.user.securityStamp, first.securityStamp)
      await store.users.remove(user.id)
      assert.equal(await other.factors.findPasskey(credentialOf(factor)), null)
    })

    test('a passkey is added only as it was asked for', async ([store, other]) => {
      const user = await addUser(store)
      const inactive = await addUser(store, { active: false })
      const event = anEvent({ userId: user.id })
      for (const [why, addition] of Object.entries({
        'the stamp has changed': { ...additionOf(user), securityStamp: 'another', first: aFirst() },
        'there is none before': additionOf(user),
        'the user is inactive': { ...additionOf(inactive), first: aFirst() },
        'there is no such user': {
          ...additionOf({ ...user, id: randomUUID() }),
          first: aFirst(),
        },
      })) {
        assert.equal(await store.factors.addPasskey(addition, { event }), false, why)
      }
      assert.equal(await other.factors.countRecoveryCodes(user.id), 0)
      await store.factors.begin(aFactor(user, { confirmedAt: now }))
      await store.factors.begin(aFactor(user))
      const late = { ...additionOf(user), first: aFirst() }
      assert.equal(await store.factors.addPasskey(late, { event }), false, 'it is not the first')
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [])
      assert.deepEqual(await other.users.findById(user.id), user)
      assert.equal(await store.factors.addPasskey(additionOf(user)), true)
      assert.deepEqual(await other.users.findById(user.id), user, 'a second one ends nothing')
      assert.equal((await other.factors.listByUser(user.id)).length, 3, 'nor what was begun')
    })

    test('with the first factor ends what its user had begun, and nobody else (AC-70)', async ([
      store,
      other,
    ]) => {
      const [user, stranger] = [await addUser(store), await addUser(store)]
      const theirs = aFactor(stranger)
      for (const each of [aFactor(user), theirs]) await store.factors.begin(each)
      const factor = aPasskey(user)
      const refused = { ...additionOf(user, factor), securityStamp: 'another', first: aFirst() }
      assert.equal(await store.factors.addPasskey(refused), false)
      assert.equal((await other.factors.listByUser(user.id)).length, 1)
      const addition = { ...additionOf(user, factor), first: aFirst() }
      assert.equal(await store.factors.addPasskey(addition), true)
      assert.deepEqual(await other.factors.listByUser(user.id), [factor])
      assert.deepEqual(await other.factors.listByUser(stranger.id), [theirs])
    })

    test('a credential belongs to one user, of 50 at the same time too (AC-103)', async ([
      store,
      other,
    ]) => {
      const users = [await addUser(store), await addUser(store)]
      for (const user of users) await store.factors.begin(aFactor(user, { confirmedAt: now }))
      const credentialId = randomUUID()
      const results = await fiftyAtOnce([store, other], (each, index) => {
        const user = users[index % 2] as UserRecord
        return each.factors.addPasskey(additionOf(user, aPasskey(user, { credentialId })), {
          event: anEvent({ userId: user.id }),
        })
      })
      const refused = results.filter((each) => each.status === 'rejected')
      for (const { reason } of refused) assert.ok(conflict('passkey_known')(reason), String(reason))
      assert.equal(refused.length, 49)
      const listed = await Promise.all(users.map(({ id }) => store.factors.listByUser(id)))
      assert.equal(listed.flat().length, 3)
      const events = users.map(({ id }) => other.events.list({ userId: id, limit: 99 }))
      assert.equal((await Promise.all(events)).flat().length, 1)
    })

    test('a user has so many factors at most, of 50 at the same time too', async ([
      store,
      other,
    ]) => {
      for (let round = 0; round < 3; round++) {
        const user = await addUser(store)
        await store.factors.begin(aFactor(user, { confirmedAt: now }))
        const app = aFactor(user)
        await store.factors.begin(app)
        const at = { securityStamp: user.securityStamp, step: 7, now, createdAfter: 0, most: 3 }
        const results = await fiftyAtOnce([store, other], ({ factors }, index) =>
          index % 25 === round
            ? factors.confirm({ id: app.id, userId: user.id, ...at })
            : factors.addPasskey({ ...additionOf(user), most: 3 }),
        )
        assert.equal(answersOf(results).filter(Boolean).length, 2)
        const listed = await other.factors.listByUser(user.id)
        assert.equal(listed.filter(({ confirmedAt }) => confirmedAt !== null).length, 3)
      }
      const user = await addUser(store)
      for (let each = 0; each < 3; each++) {
        await store.factors.begin(aFactor(user, { confirmedAt: now }))
      }
      const app = aFactor(user)
      await store.factors.begin(app)
      const confirmation = { id: app.id, userId: user.id, securityStamp: user.securityStamp }
      const at = { ...confirmation, step: 7, now, createdAfter: 0 }
      assert.equal(await store.factors.confirm({ ...at, most: 3 }), false)
      assert.equal(await store.factors.addPasskey({ ...additionOf(user), most: 3 }), false)
      assert.equal(await store.factors.confirm({ ...at, most: 4 }), true)
      assert.equal(await store.factors.addPasskey(additionOf(user)), true, 'however many')
    })

    test('a use is stored if the counter is still the one that was read (AC-102)', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const [factor, bystander] = [aPasskey(user), aPasskey(user)]
      const app = aFactor(user, { confirmedAt: now })
      await store.factors.begin(app)
      for (const each of [factor, bystander]) {
        assert.equal(await store.factors.addPasskey(additionOf(user, each)), true)
      }
      const event = anEvent({ userId: user.id })
      const use = { id: factor.id, counterBefore: 5, counter: 2 ** 32 - 1, backedUp: true }
      for (const wrong of [{ counterBefore: 4 }, { id: app.id }, { id: randomUUID() }]) {
        assert.equal(await store.factors.usePasskey({ ...use, ...wrong, now }, { event }), false)
      }
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [])
      assert.equal(await store.factors.usePasskey({ ...use, now: now + 9 }, { event }), true)
      const used = { ...factor.passkey, counter: 2 ** 32 - 1, backedUp: true }
      const after = { ...factor, passkey: used, lastUsedAt: now + 9 }
      assert.deepEqual(await other.factors.findPasskey(credentialOf(factor)), after)
      assert.deepEqual(await other.factors.findPasskey(credentialOf(bystander)), bystander)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [event])
      const results = await fiftyAtOnce([store, other], (each) =>
        each.factors.usePasskey({ ...use, counterBefore: 2 ** 32 - 1, counter: 1, now }),
      )
      assert.equal(answersOf(results).filter(Boolean).length, 1)
    })

    test('what a use spends is good once, of 50 at the same time, and with the use alone (AC-97)', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      await store.factors.begin(aFactor(user, { confirmedAt: now }))
      const factor = aPasskey(user, { counter: 0 })
      await store.factors.addPasskey(additionOf(user, factor))
      const spends = aSpending()
      const use = { id: factor.id, counterBefore: 0, counter: 0, backedUp: false, now }
      assert.equal(await store.factors.usePasskey({ ...use, counterBefore: 9 }, { spends }), false)
      const used = await fiftyAtOnce([store, other], (each) =>
        each.factors.usePasskey(use, { spends, event: anEvent({ userId: user.id }) }),
      )
      const refused = used.filter((each) => each.status === 'rejected')
      for (const { reason } of refused) assert.ok(conflict('token_ended')(reason), String(reason))
      assert.equal(refused.length, 49)
      assert.equal((await other.events.list({ userId: user.id, limit: 99 })).length, 1)
      const again = { ...additionOf(user, aPasskey(user)) }
      await assert.rejects(store.factors.addPasskey(again, { spends }), conflict('token_ended'))
      assert.equal((await other.factors.listByUser(user.id)).length, 2)
      assert.equal(await store.factors.addPasskey(again, { spends: aSpending() }), true)
    })

    test('what was spent stays so until it is pruned', async ([store]) => {
      const user = await addUser(store)
      const factor = aPasskey(user, { counter: 0 })
      await store.factors.addPasskey({ ...additionOf(user, factor), first: aFirst() })
      const spends = aSpending()
      const use = { id: factor.id, counterBefore: 0, counter: 0, backedUp: false, now }
      assert.equal(await store.factors.usePasskey(use, { spends }), true)
      const lists = await store.oneTimeTokens.list({ kind: 'passkey', limit: 1000 })
      const [spent] = lists.filter(({ digest }) => digest === spends.digest)
      assert.deepEqual([spent?.createdAt, spent?.expiresAt], [now, spends.expiresAt])
      const later = { ...spends, now: spends.expiresAt + 99 }
      await assert.rejects(
        store.factors.usePasskey(use, { spends: later }),
        conflict('token_ended'),
      )
    })

    test('a use is stored with the token that it comes with, or not at all', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      await store.factors.begin(aFactor(user, { confirmedAt: now }))
      const factor = aPasskey(user, { counter: 0 })
      await store.factors.addPasskey(additionOf(user, factor))
      const token = aTokenOf(user)
      await store.oneTimeTokens.put(token)
      const redeems = { digest: token.digest, now }
      const [once, twice] = [aSpending(), aSpending()]
      const use = { id: factor.id, counterBefore: 0, counter: 0, backedUp: false, now }
      assert.equal(await store.factors.usePasskey(use, { redeems, spends: once }), true)
      assert.equal(await other.oneTimeTokens.find(token.digest, now), null)
      const again = other.factors.usePasskey(use, { redeems, spends: twice })
      await assert.rejects(again, conflict('token_ended'))
      assert.equal(await other.factors.usePasskey(use, { spends: twice }), true, 'it is not spent')
    })

    test('of two that remove the last two passkeys one is refused, if one must stay (AC-106)', async ([
      store,
      other,
    ]) => {
      for (let round = 0; round < 5; round++) {
        const user = await addUser(store)
        const app = aFactor(user, { confirmedAt: now })
        await store.factors.begin(app)
        const passkeys = [aPasskey(user), aPasskey(user)]
        for (const each of passkeys) await store.factors.addPasskey(additionOf(user, each))
        const removed = await Promise.allSettled(
          passkeys.map(({ id }, index) =>
            [store, other][index]?.factors.remove(user.id, id, { keepPasskey: true }),
          ),
        )
        const refused = removed.flatMap((each) => (each.status === 'rejected' ? each.reason : []))
        assert.equal(refused.length, 1)
        assert.ok(conflict('last_passkey')(refused[0]))
        const left = await other.factors.listByUser(user.id)
        assert.equal(left.length, 2)
        const [passkey] = left.filter(({ kind }) => kind === 'passkey')
        const both = { keepOne: true, keepPasskey: true }
        const remove = (id = '', removal = both) => store.factors.remove(user.id, id, removal)
        await assert.rejects(remove(passkey?.id), conflict('last_passkey'))
        assert.equal(await remove(app.id), true)
        await assert.rejects(remove(passkey?.id), conflict('last_factor'))
      }
    })
  })
}

function credentialOf({ passkey }: FactorRecord): string {
  return passkey?.credentialId ?? ''
}

function additionOf(user: UserRecord, factor: FactorRecord = aPasskey(user)) {
  return { factor, securityStamp: user.securityStamp }
}

function aFirst(): FirstFactor {
  return { securityStamp: randomUUID(), recoveryCodes: [randomUUID(), randomUUID()] }
}

function aSpending(): Spending {
  return { kind: 'passkey', digest: randomUUID(), now, expiresAt: now + 300 }
}
