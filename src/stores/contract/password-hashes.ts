import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { Store } from '../../core/store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { addUser, aSession, aUser, now, type Stores, unique } from './records.ts'

/** What a store keeps of password hashes, and of the stamps that change with them. */
export function passwordHashesContract(stores: Stores): void {
  describe('password hashes', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    const add = (changes: Partial<UserRecord> = {}): Promise<UserRecord> => addUser(store, changes)

    const renewal = (oldSecurityStamp: string, keepSession: string) => ({
      oldSecurityStamp,
      securityStamp: unique('renewed'),
      keepSession: { id: keepSession },
    })

    test('hashes that are not argon2id are found, those of the newest users first', async () => {
      // Ids are in the order of their time; these are of the end of it.
      let users = 0
      const create = async (passwordHash: string | null): Promise<UserRecord> => {
        const user = aUser({ id: `ffffffff-ffff-7fff-bfff-fffffffffff${users++}`, passwordHash })
        await store.users.create(user)
        return user
      }
      const argon2id = '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g'
      const bcrypt = ['a', 'b'].map((text) => `$2b$04$${text.repeat(53)}`)
      const made: UserRecord[] = []
      for (const hash of [bcrypt[0], argon2id, null, bcrypt[1]])
        made.push(await create(hash ?? null))
      assert.deepEqual(await other.users.importedHashes(2), [bcrypt[1], bcrypt[0]])
      assert.deepEqual(await other.users.importedHashes(1), [bcrypt[1]])
      for (const { id } of made) await store.users.remove(id)
      const left = await other.users.importedHashes(2)
      assert.ok(left.every((hash) => !bcrypt.includes(hash)))
    })

    test('the peppers that hashes are under are known, each once (PW-11)', async () => {
      const under = (keyId: string, text: string): string =>
        `$argon2id$v=19$m=8,t=1,p=1${keyId}$c2FsdHNhbHQ$${text}`
      const hashes = [
        ...[under(',keyid=bbbb/+b2', 'one'), under(',keyid=aaaa/+a1', 'two')],
        ...[under(',keyid=bbbb/+b2', 'three'), under('', 'four'), null],
        'pbkdf2_sha256$1000$,keyid=cccccccc$aGFzaA==',
      ]
      const before = await other.users.pepperIds()
      const made: UserRecord[] = []
      for (const passwordHash of hashes) made.push(await add({ passwordHash }))
      assert.deepEqual(await other.users.pepperIds(), [...before, 'aaaa/+a1', 'bbbb/+b2'].sort())
      const [first, second, third] = made.map(({ id }) => id) as [string, string, string]
      await store.users.replacePasswordHash(second, String(hashes[1]), under('', 'five'))
      await store.users.remove(first)
      assert.deepEqual(await other.users.pepperIds(), [...before, 'bbbb/+b2'])
      await store.users.update(third, { passwordHash: null })
      assert.deepEqual(await other.users.pepperIds(), before)
    })

    test('a hash is replaced only if it is the one that was read (PW-04)', async () => {
      const user = await add()
      const { id, passwordHash } = user
      assert.equal(await store.users.replacePasswordHash(id, 'another', 'new'), false)
      assert.equal(await store.users.replacePasswordHash(id, null, 'new'), false)
      assert.deepEqual(await store.users.findById(id), user)
      assert.equal(await store.users.replacePasswordHash(id, String(passwordHash), 'new'), true)
      assert.deepEqual(await store.users.findById(id), { ...user, passwordHash: 'new' })
      const { id: without } = await add({ passwordHash: null })
      assert.equal(await store.users.replacePasswordHash(without, 'another', 'new'), false)
      assert.equal(await store.users.replacePasswordHash(without, null, 'new'), true)
      assert.equal(await store.users.replacePasswordHash(without, null, 'newer'), false)
      const races = await Promise.all(
        ['a', 'b', 'c', 'd'].map((to, index) =>
          (index % 2 ? store : other).users.replacePasswordHash(id, 'new', to),
        ),
      )
      assert.equal(races.filter(Boolean).length, 1)
    })

    test('a renewed stamp goes over to the one session that is kept', async () => {
      const user = await add()
      const [kept, lost] = [aSession(user), aSession(user)]
      const stranger = await add()
      const theirs = aSession(stranger)
      for (const session of [kept, lost, theirs]) await store.sessions.create(session)
      const to = renewal(user.securityStamp, kept.id)
      await store.users.replacePasswordHash(user.id, String(user.passwordHash), 'new', {
        renewal: to,
      })
      assert.equal((await store.users.findById(user.id))?.securityStamp, to.securityStamp)
      const stampOf = async (id: string) => (await other.sessions.find(id))?.securityStamp
      assert.equal(await stampOf(kept.id), to.securityStamp)
      assert.equal(await stampOf(lost.id), user.securityStamp)

      const next = renewal(to.securityStamp, theirs.id)
      assert.equal(
        await store.users.replacePasswordHash(user.id, 'new', 'newer', { renewal: next }),
        true,
      )
      assert.equal(await stampOf(theirs.id), stranger.securityStamp)
      const wrong = renewal(next.securityStamp, lost.id)
      assert.equal(
        await store.users.replacePasswordHash(user.id, 'not it', 'x', { renewal: wrong }),
        false,
      )
      assert.equal(await stampOf(lost.id), user.securityStamp)
    })

    test('a session that has ended is not brought back by a renewed stamp', async () => {
      const user = await add()
      const [old, revoked] = [aSession(user), aSession(user)]
      for (const session of [old, revoked]) await store.sessions.create(session)
      await other.users.update(user.id, { securityStamp: 'everywhere' })
      await other.sessions.revoke(revoked.id, now)
      const hash = String(user.passwordHash)
      const { users } = store
      // The stamp that was read is gone.
      const late = renewal(user.securityStamp, old.id)
      assert.equal(await users.replacePasswordHash(user.id, hash, 'x', { renewal: late }), false)
      // The current stamp was read, but the session has the old one.
      const fresh = renewal('everywhere', old.id)
      assert.equal(await users.replacePasswordHash(user.id, hash, 'a', { renewal: fresh }), true)
      assert.equal((await other.sessions.find(old.id))?.securityStamp, user.securityStamp)
      // A revoked one keeps its stamp, even if that is the one that was read.
      await other.users.update(user.id, { securityStamp: user.securityStamp })
      const again = renewal(user.securityStamp, revoked.id)
      assert.equal(await users.replacePasswordHash(user.id, 'a', 'b', { renewal: again }), true)
      assert.deepEqual(await other.sessions.find(revoked.id), { ...revoked, revokedAt: now })
    })

    test('a renewed stamp goes over to no session if none is named', async () => {
      const user = await add()
      const session = aSession(user)
      await store.sessions.create(session)
      const renewal = { oldSecurityStamp: user.securityStamp, securityStamp: unique('renewed') }
      const hash = String(user.passwordHash)
      assert.equal(await store.users.replacePasswordHash(user.id, hash, 'x', { renewal }), true)
      assert.deepEqual(await other.sessions.find(session.id), session)
    })

    test('an inactive user gets a new hash, but not with a renewed stamp', async () => {
      const user = await add({ active: false })
      const renewal = { oldSecurityStamp: user.securityStamp, securityStamp: 'renewed' }
      const hash = String(user.passwordHash)
      assert.equal(
        await store.users.replacePasswordHash(user.id, hash, 'x', { renewal: renewal }),
        false,
      )
      assert.deepEqual(await other.users.findById(user.id), user)
      assert.equal(await store.users.replacePasswordHash(user.id, hash, 'x'), true)
    })
  })
}
