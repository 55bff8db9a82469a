import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, describe, test } from 'node:test'
import type { Store } from '../../core/store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import {
  addUser,
  aUser,
  aUserWith,
  conflict,
  fiftyAtOnce,
  now,
  type Stores,
  unique,
} from './records.ts'

const anAddress = (): string => `${unique('user').replace(' ', '')}@example.com`

/** What a store keeps of the addresses and the names of users, of which no two may have one. */
export function addressesContract(stores: Stores): void {
  describe('addresses and names', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    const create = async (user: UserRecord): Promise<UserRecord> => {
      await store.users.create(user)
      return user
    }
    const unverified = (address: string): UserRecord =>
      aUserWith(address, { emailVerifiedAt: null })

    test('a user is found by a verified address, and by no other (AC-10)', async () => {
      const address = anAddress()
      const user = await create(aUserWith(address, { email: 'As.Typed@EXAMPLE.com' }))
      await create(unverified(address))
      assert.deepEqual(await other.users.findByEmail(address), user)
      for (const text of [address.toUpperCase(), ` ${address}`, address.slice(1), '']) {
        assert.equal(await store.users.findByEmail(text), null)
      }
      const only = await create(unverified(anAddress()))
      assert.equal(await store.users.findByEmail(only.emailKey ?? ''), null)
      const verified = await store.users.update(only.id, { emailVerifiedAt: now })
      assert.deepEqual(await other.users.findByEmail(only.emailKey ?? ''), verified)
    })

    test('an address is verified by one user alone, and unverified by any number (AC-07)', async () => {
      const address = anAddress()
      const [pending, owner] = [[unverified(address), unverified(address)], aUserWith(address)]
      for (const each of [...pending, owner]) await assert.doesNotReject(create(each))
      const { users } = store
      const taken = conflict('email_taken')
      await assert.rejects(users.create(aUserWith(address)), taken)
      for (const { id } of pending) {
        await assert.rejects(users.update(id, { emailVerifiedAt: now }), taken)
      }
      const stranger = await addUser(store)
      const changes = { email: address, emailKey: address, emailVerifiedAt: now, role: 'x' }
      await assert.rejects(users.update(stranger.id, changes), taken)
      for (const each of [...pending, owner, stranger]) {
        assert.deepEqual(await other.users.findById(each.id), each, 'nothing was changed')
      }
      assert.ok(await users.update(owner.id, { ...changes, role: owner.role }), 'it is their own')
    })

    test('an address is free when its owner has another, none, or is gone', async () => {
      for (const leave of [
        ({ id }: UserRecord) => store.users.update(id, { emailKey: anAddress() }),
        ({ id }: UserRecord) => store.users.update(id, { emailVerifiedAt: null }),
        ({ id }: UserRecord) =>
          store.users.update(id, { email: null, emailKey: null, emailVerifiedAt: null }),
        ({ id }: UserRecord) => store.users.remove(id),
      ]) {
        const address = anAddress()
        const owner = await create(aUserWith(address))
        await leave(owner)
        assert.equal(await other.users.findByEmail(address), null)
        const next = aUserWith(address)
        await assert.doesNotReject(create(next))
        assert.deepEqual(await other.users.findByEmail(address), next)
      }
    })

    test('of 50 who verify an address at the same time one wins (AC-07)', async () => {
      const address = anAddress()
      const pending = await Promise.all(
        Array.from({ length: 50 }, () => create(unverified(address))),
      )
      const results = await fiftyAtOnce([store, other], ({ users }, index) =>
        users.update(pending[index]?.id ?? '', { emailVerifiedAt: now }),
      )
      const refused = results.filter((result) => result.status === 'rejected')
      assert.equal(refused.length, 49)
      for (const { reason } of refused) assert.ok(conflict('email_taken')(reason), String(reason))
      const winner = results.findIndex((result) => result.status === 'fulfilled')
      assert.equal((await other.users.findByEmail(address))?.id, pending[winner]?.id)
    })

    test('a username changes to one that is free, and the old one is free then', async () => {
      const [user, owner] = [await addUser(store), await addUser(store)]
      const { users } = store
      const taken = { username: owner.username, role: 'x' }
      await assert.rejects(users.update(user.id, taken), conflict('username_taken'))
      assert.deepEqual(await other.users.findByUsername(user.username), user)
      await assert.doesNotReject(users.update(user.id, { username: user.username }), 'their own')
      const username = unique('renamed')
      const renamed = { ...user, username }
      assert.deepEqual(await users.update(user.id, { username }), renamed)
      assert.deepEqual(await other.users.findByUsername(username), renamed)
      assert.equal(await other.users.findByUsername(user.username), null)
      const next = await create(aUser({ username: user.username }))
      assert.deepEqual(await other.users.findByUsername(user.username), next)
    })

    test('a user whose verified address is taken is left out of many', async () => {
      const address = anAddress()
      const owner = await create(aUserWith(address))
      const [second, pending, free] = [
        aUserWith(address),
        unverified(address),
        aUserWith(anAddress()),
      ]
      const created = await store.users.createMany([second, pending, free])
      assert.deepEqual([...created].sort(), [pending.username, free.username].sort())
      assert.equal(await other.users.findById(second.id), null)
      assert.deepEqual(await other.users.findByEmail(address), owner)
      assert.deepEqual(await other.users.findByEmail(free.emailKey ?? ''), free)
    })

    test('a user whose verified address is taken is not created with an identity', async () => {
      const address = anAddress()
      await create(aUserWith(address))
      const [issuer, subject] = ['https://sso.example.com/', randomUUID()]
      const { identities } = store
      await assert.rejects(
        identities.createUser(issuer, subject, aUserWith(address)),
        conflict('email_taken'),
      )
      assert.equal(await other.identities.findUser(issuer, subject), null)
      const next = aUserWith(anAddress())
      assert.equal(await identities.createUser(issuer, subject, next), true)
      assert.deepEqual(await other.identities.findUser(issuer, subject), next)
    })
  })
}
