import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { addUser, aSession, fiftyAtOnce, now, type Stores, unique } from './records.ts'
import { settledRetries } from './refresh-retries.ts'

const text = 'ünïcødé 漢字 👩‍👩‍👧 "\\\' \u0000 \u2028 \ud800'

/** What a store keeps of the other facts about users, and changes only if their stamp is as it was read. */
export function guardedWritesContract(stores: Stores): void {
  describe('facts about users, and changes that look at the stamp', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    const add = (changes: Partial<UserRecord> = {}): Promise<UserRecord> => addUser(store, changes)
    const open = async (
      user: UserRecord,
      changes: Partial<SessionRecord> = {},
    ): Promise<SessionRecord> => {
      const session = aSession(user, changes)
      assert.equal(await store.sessions.create(session), true)
      return session
    }

    for (const [name, fields] of Object.entries({
      none: {},
      'some, nested': { a: { b: [1, -0.5, 1e300, null, true, { c: [] }, {}] }, empty: '' },
      'any letter': { text, [text]: text },
      '4 KB': { long: 'ü'.repeat(2000) },
      'names that mean something else': JSON.parse(
        '{"__proto__":{"a":1},"constructor":2,"id":"x"}',
      ),
    })) {
      test(`the application's fields are read as they were written: ${name}`, async () => {
        const user = await add({ fields })
        assert.deepEqual(await other.users.findById(user.id), user)
        assert.deepEqual((await other.findSubject(user.id, null))?.user, user)
        const changed = { ...user, fields: { before: true } }
        assert.deepEqual(await store.users.update(user.id, { fields: { before: true } }), changed)
        assert.deepEqual(await store.users.update(user.id, { fields }), user, 'as a whole')
        assert.deepEqual(await other.users.findByUsername(user.username), user)
      })
    }

    test("the application's fields that were read cannot be changed", async () => {
      const { id } = await add({ fields: { a: { b: [1] } } })
      for (const read of [
        await other.users.findById(id),
        (await other.findSubject(id, null))?.user,
      ]) {
        assert.throws(() => Object.assign(read?.fields.a as object, { b: 2 }), TypeError)
      }
    })

    test('an address and the dates of a user are read as they were written', async () => {
      const facts = {
        email: 'Ann@bücher.example',
        emailKey: unique('ann@xn--bcher-kva.example'),
        emailVerifiedAt: 2 ** 40,
        suspendedUntil: 2 ** 40 + 1,
        deleteAt: 2 ** 40 + 2,
      }
      const user = await add(facts)
      for (const read of [
        await other.users.findById(user.id),
        await other.users.findByUsername(user.username),
        (await other.findSubject(user.id, null))?.user,
        (await other.users.list({ search: user.username, limit: 1 }))[0],
      ]) {
        assert.deepEqual(read, user)
      }
      const none = { email: null, emailKey: null, emailVerifiedAt: null }
      const changes = { ...none, suspendedUntil: null, deleteAt: null }
      assert.deepEqual(await store.users.update(user.id, changes), { ...user, ...changes })
      assert.deepEqual(await store.users.update(user.id, {}), { ...user, ...changes }, 'of nothing')
    })

    test('users are due for deletion from the second that was named, the oldest first', async () => {
      const [second, first, third] = [
        await add({ deleteAt: 2 }),
        await add({ deleteAt: 1 }),
        await add({ deleteAt: 3 }),
      ]
      const { users } = other
      assert.deepEqual(await users.dueForDeletion(2, 9), [first, second])
      assert.deepEqual(await users.dueForDeletion(3, 2), [first, second])
      assert.deepEqual(await users.dueForDeletion(0, 9), [])
      await store.users.update(first.id, { deleteAt: null })
      assert.deepEqual(await users.dueForDeletion(3, 9), [second, third])
      for (const { id } of [first, second, third]) await store.users.remove(id)
    })

    test('a user is changed and removed if their deletion is due by the instant that is named', async () => {
      const role = unique('role')
      const { users } = store
      const [kept, later, due] = [
        await add({ role, deleteAt: null }),
        await add({ role, deleteAt: 3 }),
        await add({ role, deleteAt: 2 }),
      ]
      for (const keepOneActiveIn of [undefined, [role]]) {
        for (const { id } of [kept, later]) {
          const options = { ifDueBy: 2, keepOneActiveIn }
          assert.equal(await users.update(id, { role: 'x' }, options), null)
          assert.equal(await users.remove(id, options), false)
        }
      }
      for (const each of [kept, later]) {
        assert.deepEqual(await other.users.findById(each.id), each)
      }
      const options = { ifDueBy: 2 }
      assert.deepEqual(await users.update(due.id, {}, options), due)
      assert.equal(await users.remove(due.id, options), true)
      assert.equal(await other.users.findById(due.id), null)
      assert.equal(await users.remove(later.id, { ifDueBy: 3 }), true)
      await users.remove(kept.id)
    })

    test('a user who is kept while others remove who is due is kept or gone, never both', async () => {
      for (let round = 0; round < 5; round++) {
        const { id } = await add({ deleteAt: 2 })
        const results = await fiftyAtOnce([store, other], async ({ users }, index) =>
          index % 2 === 0
            ? await users.remove(id, { ifDueBy: 2 })
            : await users.update(id, { deleteAt: null }),
        )
        const values = results.map((each) => (each.status === 'fulfilled' ? each.value : null))
        const removed = values.filter((each) => each === true).length
        const wasKept = values.some((each) => typeof each === 'object' && each !== null)
        const left = await other.users.findById(id)
        assert.deepEqual([removed, wasKept], left === null ? [1, false] : [0, true])
        if (left !== null) assert.equal(await store.users.remove(id), true)
      }
    })

    test('a user is changed and removed if they are active and the stamp is as it was read', async () => {
      const role = unique('role')
      const [user, inactive] = [await add({ role }), await add({ role, active: false })]
      const { users } = store
      for (const keepOneActiveIn of [undefined, [role]]) {
        for (const [{ id }, ifStamp] of [
          [user, 'another'],
          [user, ''],
          [inactive, inactive.securityStamp],
        ] as const) {
          assert.equal(await users.update(id, { role: 'x' }, { ifStamp, keepOneActiveIn }), null)
          assert.equal(await users.remove(id, { ifStamp, keepOneActiveIn }), false)
        }
      }
      for (const each of [user, inactive]) {
        assert.deepEqual(await other.users.findById(each.id), each)
      }
      const { id, securityStamp: ifStamp } = user
      assert.deepEqual(await users.update(id, { role: 'x' }, { ifStamp }), { ...user, role: 'x' })
      assert.equal(await users.remove(id, { ifStamp }), true)
    })

    test('of 50 who change a stamp at the same time as they have read it one does', async () => {
      const { id, securityStamp: ifStamp } = await add()
      const results = await fiftyAtOnce([store, other], ({ users }, index) =>
        users.update(id, { securityStamp: `new ${index}` }, { ifStamp }),
      )
      const changed = results.flatMap((each) =>
        each.status === 'fulfilled' ? (each.value ?? []) : [],
      )
      assert.equal(changed.length, 1)
      assert.deepEqual(await other.users.findById(id), changed[0])
    })

    test('a session that is kept gets the new stamp of the change, and no other', async () => {
      const [user, stranger] = [await add(), await add()]
      const [kept, another, revoked] = [await open(user), await open(user), await open(user)]
      const theirs = await open(stranger)
      await store.sessions.revoke(revoked.id, now)
      let stamp = user.securityStamp
      const renew = async (id: string): Promise<string | undefined> => {
        const securityStamp = unique('renewed')
        const options = { ifStamp: stamp, keepSession: { id } }
        assert.ok(await store.users.update(user.id, { securityStamp }, options))
        stamp = securityStamp
        return (await other.sessions.find(id))?.securityStamp
      }
      for (const { id, securityStamp } of [theirs, revoked]) {
        assert.equal(await renew(id), securityStamp)
      }
      const late = await open({ ...user, securityStamp: stamp })
      assert.equal(await renew(late.id), stamp, 'the one that is kept')
      assert.equal(await renew(kept.id), user.securityStamp, 'it had an older stamp')
      assert.equal((await other.sessions.find(another.id))?.securityStamp, user.securityStamp)
      const subject = await other.findSubject(user.id, late.id)
      assert.notEqual(subject?.sessionStamp, subject?.user.securityStamp, 'kept once only')
    })

    test('no token before the newest of a session that is kept is good for a retry (SR-06, SR-14)', async () => {
      let user = await add()
      for (const [retryOf, expected] of settledRetries) {
        const session = aSession(user, { generation: 2, retryOf })
        await store.sessions.create(session)
        const options = { ifStamp: user.securityStamp, keepSession: { id: session.id } }
        const securityStamp = unique('renewed')
        user = (await store.users.update(user.id, { securityStamp }, options)) ?? assert.fail()
        const kept = { ...session, securityStamp, retryOf: expected }
        assert.deepEqual(await other.sessions.find(session.id), kept)
      }
    })

    test('a session is not kept if the change is not made, or names none', async () => {
      const user = await add()
      const session = await open(user)
      const options = { ifStamp: 'another', keepSession: { id: session.id } }
      const changes = { securityStamp: 'new' }
      assert.equal(await store.users.update(user.id, changes, options), null)
      assert.deepEqual(await other.sessions.find(session.id), session)
      assert.ok(await store.users.update(user.id, changes, { ifStamp: user.securityStamp }))
      assert.deepEqual(await other.sessions.find(session.id), session)
    })
  })
}
