import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, describe, test } from 'node:test'
import type { Store } from '../../core/store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { readPages } from './pages.ts'
import { addUser, anEvent, aSession, aUser, conflict, type Stores } from './records.ts'

/** What a store keeps of users. */
export function usersContract(stores: Stores): void {
  describe('users', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    const add = (changes: Partial<UserRecord> = {}): Promise<UserRecord> => addUser(store, changes)

    test('the first user is created once, of 20 at the same time, with its event (LA-06)', async () => {
      const actor = randomUUID()
      const events = Array.from({ length: 20 }, () => anEvent({ actor }))
      const firsts = Array.from({ length: 20 }, () => aUser({ role: 'admin' }))
      const created = await Promise.all(
        firsts.map((user, index) =>
          (index % 2 ? store : other).users.createFirst(user, events[index]),
        ),
      )
      assert.equal(created.filter(Boolean).length, 1)
      const first = created.indexOf(true)
      assert.deepEqual(await other.users.list({ limit: 30 }), [firsts[first]])
      assert.equal(await store.users.createFirst(aUser(), anEvent({ actor })), false)
      assert.equal((await store.users.counts()).total, 1)
      assert.deepEqual(await other.events.list({ actor, limit: 30 }), [events[first]])
    })

    test('a user is read as it was written, by id and by username', async () => {
      for (const changes of [{}, { passwordHash: null, active: false }, { username: 'ünïcødé' }]) {
        const user = await add(changes)
        assert.deepEqual(await other.users.findById(user.id), user)
        assert.deepEqual(await other.users.findByUsername(user.username), user)
      }
    })

    test('who is not there is null', async () => {
      assert.equal(await store.users.findById(randomUUID()), null)
      assert.equal(await store.users.findByUsername("' or 1=1 --"), null)
      assert.equal(await store.users.update(randomUUID(), { role: 'x' }), null)
      assert.equal(await store.users.remove(randomUUID()), false)
    })

    test('a username is compared to the letter', async () => {
      const { username } = await add()
      for (const name of [username.toUpperCase(), ` ${username}`, `${username} `, '']) {
        assert.equal(await store.users.findByUsername(name), null)
      }
    })

    test('of many users those are created whose username and id are free', async () => {
      const taken = await add()
      const [first, second, third] = [
        aUser({ passwordHash: null }),
        aUser({ active: false }),
        aUser(),
      ]
      const created = await store.users.createMany([
        aUser({ username: taken.username }),
        first,
        aUser({ id: taken.id }),
        second,
        aUser({ username: first.username }),
        third,
      ])
      const usernames = [first.username, second.username, third.username].sort()
      assert.deepEqual([...created].sort(), usernames)
      for (const user of [taken, first, second, third]) {
        assert.deepEqual(await other.users.findById(user.id), user)
      }
      assert.deepEqual(await store.users.createMany([first]), [])
      assert.deepEqual(await store.users.createMany([]), [])
      const among = await other.users.takenAmong([...usernames, 'nobody'])
      assert.deepEqual([...among].sort(), usernames)
      assert.deepEqual(await store.users.takenAmong([]), [])
    })

    test('two imports at once create each user once', async () => {
      const users = Array.from({ length: 300 }, () => aUser())
      const created = await Promise.all([
        store.users.createMany(users),
        other.users.createMany(users.map((user) => ({ ...user, id: randomUUID() }))),
      ])
      assert.deepEqual(created.flat().sort(), users.map(({ username }) => username).sort())
    })

    test('a username is taken once, of 20 at the same time (AZ-01)', async () => {
      const { username } = aUser()
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 ? store : other).users.create(aUser({ username })),
        ),
      )
      const refused = results.filter((result) => result.status === 'rejected')
      assert.equal(refused.length, 19)
      for (const { reason } of refused) assert.ok(conflict('username_taken')(reason))
    })

    test('a user changes in what is named, and in nothing else', async () => {
      const [user, bystander] = [await add(), await add()]
      const changed = await store.users.update(user.id, { role: 'editor', active: false })
      assert.deepEqual(changed, { ...user, role: 'editor', active: false })
      assert.deepEqual(await other.users.findById(user.id), changed)
      const back = await store.users.update(user.id, { active: true, passwordHash: null })
      assert.deepEqual(back, { ...user, role: 'editor', passwordHash: null })
      assert.deepEqual(await other.users.findById(bystander.id), bystander)
    })

    test('fields change only if they are as they were read', async () => {
      const { id } = await add({ fields: { a: 1, b: ['x'] } })
      const read = (await store.users.findById(id))?.fields
      assert.deepEqual(read, { a: 1, b: ['x'] })
      const from = (ifFields = {}) => ({ ifFields })
      assert.equal(await store.users.update(id, { fields: { a: 2 } }, from()), null)
      const first = await other.users.update(id, { fields: { a: 2 } }, from(read))
      assert.deepEqual(first?.fields, { a: 2 })
      assert.equal(await store.users.update(id, { fields: { a: 3 } }, from(read)), null)
      const second = await store.users.update(id, { fields: {} }, from(first?.fields))
      assert.deepEqual(second?.fields, {})
      assert.deepEqual((await other.users.findById(id))?.fields, {})
      assert.equal(await store.users.remove(id, from(read)), false)
      assert.equal(await store.users.remove(id, from(second?.fields)), true)
    })

    test('users are listed by username, found by a part of it, and paged', async () => {
      const names = ['list_a', 'list_b', 'list%c', 'list\\d', 'xlistx']
      for (const username of names) await add({ username })
      const found = async (search: string) =>
        (await store.users.list({ search, limit: 100 })).map(({ username }) => username)
      assert.deepEqual((await found('list')).toSorted(), names.toSorted())
      // Each is a letter, not a pattern.
      assert.deepEqual(await found('list_'), ['list_a', 'list_b'])
      assert.deepEqual(await found('%'), ['list%c'])
      assert.deepEqual(await found('\\'), ['list\\d'])
      assert.deepEqual(await found("'"), [])

      const paged = await readPages<UserRecord>({ limit: 2, items: names.length }, (after) =>
        store.users.list({ search: 'list', limit: 2, ...(after && { after: after.username }) }),
      )
      assert.deepEqual(
        paged.map(({ username }) => username),
        await found('list'),
      )
    })

    test('a part of a username is searched for as it is, not as a pattern', async () => {
      for (const username of ['glob*a', 'glob?b', 'glob[x]c', 'globxd']) await add({ username })
      for (const sign of ['*a', '?b', '[x]', '\\', '%b', '_b']) {
        const users = await store.users.list({ search: `glob${sign}`, limit: 100 })
        assert.deepEqual(
          users.map(({ username }) => username.startsWith(`glob${sign}`)),
          ['*a', '?b', '[x]'].includes(sign) ? [true] : [],
        )
      }
    })

    test('a part of an address finds its user, verified or not', async () => {
      const key = 'dora+x_y@found.example.com'
      const address = { email: 'Dora+x_y@found.example.com', emailKey: key }
      const dora = await add({ username: 'address_a', ...address })
      const bert = await add({ username: 'address_b', emailKey: 'bert@other.example.com' })
      for (const [search, ...found] of [
        ['found.example', dora],
        ['dora+x_', dora],
        ['dora_x', undefined],
        ['other.example', bert],
      ] as const) {
        const users = await store.users.list({ search, limit: 100 })
        assert.deepEqual(
          users.map(({ id }) => id),
          found.flatMap((user) => user?.id ?? []),
        )
      }
      const after = { search: 'found.example', after: 'address_a', limit: 100 }
      assert.deepEqual(await store.users.list(after), [])
    })

    test('users are counted, all and active, by role', async () => {
      const before = await store.users.counts()
      await add({ role: 'counted' })
      await add({ role: 'counted', active: false })
      const counts = await other.users.counts()
      assert.equal(counts.total, before.total + 2)
      assert.equal(counts.active, before.active + 1)
      assert.equal(counts.byRole.counted, 2)
    })

    test('a role is counted under its name, whatever else the name means', async () => {
      await add({ role: 'constructor' })
      assert.equal((await store.users.counts()).byRole.constructor, 1)
    })

    test('a removed user is gone, and every session too', async () => {
      const [user, bystander] = [await add(), await add()]
      const [session, theirs] = [aSession(user), aSession(bystander)]
      for (const each of [session, theirs]) await store.sessions.create(each)
      assert.equal(await store.users.remove(user.id), true)
      assert.equal(await store.users.remove(user.id), false)
      assert.equal(await other.users.findById(user.id), null)
      assert.equal(await other.users.findByUsername(user.username), null)
      assert.equal(await other.sessions.find(session.id), null)
      assert.deepEqual(await other.users.findById(bystander.id), bystander)
      assert.deepEqual(await other.sessions.find(theirs.id), theirs)
      await store.users.create(aUser({ username: user.username }))
    })
  })
}
