import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Store } from '../../core/store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { addUser, conflict, type Stores } from './records.ts'

const roles = ['admin', 'root']

/** The changes that a store refuses, so that one active administrator always remains. */
export function lastActiveUserContract(stores: Stores): void {
  describe('the last active user of some roles', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    const add = (changes: Partial<UserRecord> = {}): Promise<UserRecord> => addUser(store, changes)

    async function start(...changes: Partial<UserRecord>[]): Promise<UserRecord[]> {
      for (const user of await store.users.list({ limit: 1000 })) {
        if (roles.includes(user.role)) await store.users.remove(user.id)
      }
      return await Promise.all(changes.map((each) => add({ role: 'admin', ...each })))
    }

    test('is neither changed nor removed', async () => {
      const [last, inactive] = await start({}, { active: false, role: 'root' })
      assert.ok(last && inactive)
      const { users } = store
      await assert.rejects(
        users.update(last.id, { active: false }, { keepOneActiveIn: roles }),
        conflict('last_active'),
      )
      await assert.rejects(
        users.update(last.id, { role: 'x' }, { keepOneActiveIn: roles }),
        conflict('last_active'),
      )
      await assert.rejects(
        users.remove(last.id, { keepOneActiveIn: roles }),
        conflict('last_active'),
      )
      assert.deepEqual(await users.findById(last.id), last)
      assert.equal(await users.remove(inactive.id, { keepOneActiveIn: roles }), true)
    })

    test('may not go when every other one is suspended or to be deleted', async () => {
      const [last] = await start({}, { suspendedUntil: 5 }, { deleteAt: 5, role: 'root' })
      assert.ok(last)
      await assert.rejects(
        store.users.remove(last.id, { keepOneActiveIn: roles }),
        conflict('last_active'),
      )
    })

    test('may go when there is another one, of any of the roles', async () => {
      const [one, another] = await start({}, { role: 'root' })
      assert.ok(one && another)
      assert.ok(await store.users.update(one.id, { active: false }, { keepOneActiveIn: roles }))
      await assert.rejects(
        store.users.remove(another.id, { keepOneActiveIn: roles }),
        conflict('last_active'),
      )
    })

    test('who is inactive, or has none of the roles, may go though nobody is active in them', async () => {
      const [inactive] = await start({ active: false })
      assert.ok(inactive)
      const bystander = await add()
      assert.ok(
        await store.users.update(inactive.id, { role: 'member' }, { keepOneActiveIn: roles }),
      )
      assert.ok(
        await store.users.update(bystander.id, { active: false }, { keepOneActiveIn: roles }),
      )
      assert.equal(await store.users.remove(bystander.id, { keepOneActiveIn: roles }), true)
    })

    test('stays when the last two go at the same time', async () => {
      for (let round = 0; round < 10; round++) {
        const [one, another] = await start({}, { role: 'root' })
        assert.ok(one && another)
        const results = await Promise.allSettled([
          store.users.update(one.id, { active: false }, { keepOneActiveIn: roles }),
          round % 2
            ? other.users.remove(another.id, { keepOneActiveIn: roles })
            : other.users.update(another.id, { role: 'member' }, { keepOneActiveIn: roles }),
        ])
        const refused = results.filter((result) => result.status === 'rejected')
        assert.equal(refused.length, 1)
        assert.ok(conflict('last_active')(refused[0]?.reason))
      }
    })
  })
}
