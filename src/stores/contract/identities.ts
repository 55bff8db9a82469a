import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { ConflictError } from '../../core/errors.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { aUser, type Stores } from './records.ts'

const issuer = 'https://sso.example.com/'
const createdAt = 1_800_000_000

/** What a store keeps of the links between identities and users. */
export function identitiesContract(stores: Stores): void {
  describe('identities', () => {
    const add = async (): Promise<UserRecord> => {
      const user = aUser()
      await stores()[0].users.create(user)
      return user
    }

    test('an identity that is linked finds its user, and ends with the link', async () => {
      const [store, other] = stores()
      const user = await add()
      const subject = randomUUID()
      const identity = { issuer, subject, userId: user.id, createdAt }
      assert.equal(await store.identities.findUser(issuer, subject), null)
      assert.equal(await store.identities.link(identity), 'linked')
      assert.deepEqual(await other.identities.findUser(issuer, subject), user)
      assert.deepEqual(await other.identities.listByUser(user.id), [identity])
      const changed = await store.users.update(user.id, { role: 'editor' })
      assert.deepEqual(await other.identities.findUser(issuer, subject), changed)

      assert.equal(await store.identities.unlink((await add()).id, issuer, subject), false)
      assert.equal(await store.identities.unlink(user.id, issuer, subject), true)
      assert.equal(await store.identities.unlink(user.id, issuer, subject), false)
      assert.equal(await other.identities.findUser(issuer, subject), null)
    })

    test('the issuer is a part of the identity, to the last sign (XI-12)', async () => {
      const [store] = stores()
      const [first, second] = [await add(), await add()]
      const subject = randomUUID()
      const other = issuer.replace(/\/$/, '')
      await store.identities.link({ issuer, subject, userId: first.id, createdAt })
      assert.equal(await store.identities.findUser(other, subject), null)
      await store.identities.unlink(first.id, issuer, subject)
      await store.identities.link({ issuer: other, subject, userId: second.id, createdAt })
      assert.equal(await store.identities.findUser(issuer, subject), null)
      await store.identities.link({ issuer, subject, userId: first.id, createdAt })
      assert.deepEqual(await store.identities.findUser(issuer, subject), first)
      assert.deepEqual(await store.identities.findUser(other, subject), second)
      assert.equal(await store.identities.findUser(issuer, subject.toUpperCase()), null)
    })

    test('an identity is linked once, of 20 at the same time', async () => {
      const users = await Promise.all(Array.from({ length: 20 }, add))
      const subject = randomUUID()
      const outcomes = await Promise.all(
        users.map((user, index) =>
          stores()[index % 2 ? 1 : 0].identities.link({
            issuer,
            subject,
            userId: user.id,
            createdAt,
          }),
        ),
      )
      assert.deepEqual(outcomes.toSorted(), ['linked', ...Array(19).fill('taken')])
    })

    test('the links of a user are listed, oldest first, and those of nobody else', async () => {
      const [store, other] = stores()
      const [user, stranger] = [await add(), await add()]
      const link = async (userId: string, at: number) => {
        const identity = { issuer, subject: randomUUID(), userId, createdAt: at }
        await store.identities.link(identity)
        return identity
      }
      const [newest, oldest] = [await link(user.id, createdAt + 2), await link(user.id, createdAt)]
      await link(stranger.id, createdAt + 1)
      const middle = await link(user.id, createdAt + 1)
      assert.deepEqual(await other.identities.listByUser(user.id), [oldest, middle, newest])
    })

    test('a link to nobody is none', async () => {
      const [store] = stores()
      const identity = { issuer, subject: randomUUID(), userId: randomUUID(), createdAt }
      assert.equal(await store.identities.link(identity), 'no_user')
      assert.deepEqual(await store.identities.listByUser(identity.userId), [])
    })

    test('a user is created with an identity once, of 20 at the same time', async () => {
      const subject = randomUUID()
      const users = Array.from({ length: 20 }, () => aUser())
      const created = await Promise.all(
        // From one process: one that waits for SQLite's lock in this one would keep the other,
        // whose transaction has it, from going on.
        users.map((user) => stores()[0].identities.createUser(issuer, subject, user)),
      )
      assert.equal(created.filter(Boolean).length, 1)
      const [store, other] = stores()
      const found = await other.identities.findUser(issuer, subject)
      assert.deepEqual(found, users[created.indexOf(true)])
      // Those that came too late have left nothing.
      for (const user of users) {
        assert.equal((await store.users.findById(user.id)) !== null, user.id === found?.id)
      }
    })

    test('many who would be called the same for one identity are one', async () => {
      const subject = randomUUID()
      const { username } = aUser()
      const created = await Promise.all(
        Array.from({ length: 20 }, () =>
          stores()[0].identities.createUser(issuer, subject, aUser({ username })),
        ),
      )
      assert.equal(created.filter(Boolean).length, 1)
    })

    test('a user whose name is taken is not created, and nothing is linked', async () => {
      const [store] = stores()
      const { username } = await add()
      const subject = randomUUID()
      await assert.rejects(
        store.identities.createUser(issuer, subject, aUser({ username })),
        (error) => error instanceof ConflictError && error.code === 'username_taken',
      )
      assert.equal(await store.identities.findUser(issuer, subject), null)
    })

    test('links are gone with their user', async () => {
      const [store] = stores()
      const user = await add()
      const subject = randomUUID()
      await store.identities.link({ issuer, subject, userId: user.id, createdAt })
      await store.users.remove(user.id)
      assert.equal(await store.identities.findUser(issuer, subject), null)
      assert.deepEqual(await store.identities.listByUser(user.id), [])
      assert.equal(
        await store.identities.link({ issuer, subject, userId: (await add()).id, createdAt }),
        'linked',
      )
    })
  })
}
