import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { FactorRecord } from '../../core/factors/factor-store.ts'
import { testsOf } from './optional.ts'
import { addUser, aFactor, answersOf, aToken, fiftyAtOnce, now, type Stores } from './records.ts'

/** How what is sealed comes under another key. */
export function resealingContract(stores: Stores): void {
  describe('sealing again', () => {
    const test = testsOf(stores, 'factors', 'oneTimeTokens')

    test('factors with a secret are listed by id, page by page, of all users', async ([
      store,
      other,
    ]) => {
      const users = [await addUser(store), await addUser(store), await addUser(store)]
      const factors = users.flatMap((user) => [aFactor(user, { confirmedAt: now }), aFactor(user)])
      const passkey = aFactor(users[0] as never, {
        ...{ kind: 'passkey', sealedSecret: null, confirmedAt: now },
      })
      for (const each of [...factors.toReversed(), passkey]) await store.factors.begin(each)
      const before = factors[0]?.id ?? ''
      const listed: FactorRecord[] = []
      // Other tests may have left factors before these: ids are in the order of time.
      for (let after = before; listed.length < factors.length - 1; ) {
        const page = await other.factors.listSealed({ after, limit: 2 })
        assert.ok(page.length >= 1 && page.length <= 2, `a page of 2 has ${page.length}`)
        listed.push(...page)
        after = page.at(-1)?.id ?? ''
      }
      assert.deepEqual(listed, factors.slice(1))
      const all = await store.factors.listSealed({ after: '', limit: 10_000 })
      assert.ok(all.some(({ id }) => id === before))
      assert.ok(all.every(({ sealedSecret }) => sealedSecret !== null))
    })

    test('the secret of a factor is replaced if it is as it was read, and nothing else is', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const factor = aFactor(user, { confirmedAt: now, lastStep: 9, sealedSecret: 'v1.old' })
      const [bystander, pending] = [
        aFactor(user, { confirmedAt: now, sealedSecret: 'v1.old' }),
        aFactor(user, { sealedSecret: 'v1.old' }),
      ]
      for (const each of [factor, bystander, pending]) await store.factors.begin(each)
      const change = { id: factor.id, from: 'v1.old', to: 'v1.new' }
      assert.equal(await store.factors.reseal({ ...change, from: 'v1.else' }), false)
      assert.equal(await store.factors.reseal({ ...change, id: randomUUID() }), false)
      const changed = await fiftyAtOnce([store, other], (each) => each.factors.reseal(change))
      assert.equal(answersOf(changed).filter(Boolean).length, 1)
      assert.equal(await other.factors.reseal({ ...change, id: pending.id }), true)
      assert.deepEqual(await other.factors.listByUser(user.id), [
        { ...factor, sealedSecret: 'v1.new' },
        bystander,
        { ...pending, sealedSecret: 'v1.new' },
      ])
    })

    test('the payload of a token is replaced if it is as it was read, and nothing else is', async ([
      store,
      other,
    ]) => {
      const token = aToken({ payload: 'v1.old', tries: 2, addressDigest: randomUUID() })
      const expired = aToken({ payload: 'v1.old', expiresAt: now - 1 })
      const bystanders = [
        aToken({ kind: 'invitation', subject: token.subject, payload: 'v1.old' }),
        aToken({ payload: 'v1.old' }),
      ]
      for (const each of [token, expired, ...bystanders]) await store.oneTimeTokens.put(each)
      const { kind, subject } = token
      const change = { kind, subject, from: 'v1.old', to: 'v1.new' }
      assert.equal(await store.oneTimeTokens.reseal({ ...change, from: 'v1.else' }), false)
      assert.equal(await store.oneTimeTokens.reseal({ ...change, subject: randomUUID() }), false)
      const changed = await fiftyAtOnce([store, other], (each) => each.oneTimeTokens.reseal(change))
      assert.equal(answersOf(changed).filter(Boolean).length, 1)
      const late = { ...change, subject: expired.subject }
      assert.equal(await other.oneTimeTokens.reseal(late), true, 'an expired one too')
      const found = await other.oneTimeTokens.find(token.digest, now)
      assert.deepEqual(found, { ...token, payload: 'v1.new' })
      for (const each of bystanders) {
        assert.deepEqual(await other.oneTimeTokens.find(each.digest, now), each)
      }
    })
  })
}
