import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe } from 'node:test'
import type { ApiKeyRecord } from '../../core/api-keys/api-key-store.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { type Having, testsOf } from './optional.ts'
import {
  addUser,
  anApiKey,
  anEvent,
  answersOf,
  aUser,
  fiftyAtOnce,
  now,
  type Stores,
} from './records.ts'

type KeyStore = Having<'apiKeys'>

/** What a store keeps of API keys. */
export function apiKeysContract(stores: Stores): void {
  describe('API keys', () => {
    const test = testsOf(stores, 'apiKeys')

    test('a key is read as it was written, with its user, and in the list of the user', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const keys = [
        anApiKey(user),
        anApiKey(user, { name: 'ünïcødé "', scopes: [], expiresAt: 2 ** 40, createdAt: 2 ** 39 }),
        anApiKey(user, { lastUsedAt: 2 ** 38, expiryTold: true, expiresAt: 5 }),
      ]
      for (const key of keys.toReversed()) await put(store, user, key)
      for (const key of keys) {
        const { keysVersion } = await other.findClientSubject('none')
        const subject = { key, user, keysVersion }
        assert.deepEqual(await other.apiKeys.findSubject(key.digest), subject)
      }
      assert.deepEqual(await other.apiKeys.listByUser(user.id), keys)
      assert.deepEqual(await other.apiKeys.listByUser(randomUUID()), [])
    })

    test('a digest is compared to the letter', async ([store]) => {
      const user = await addUser(store)
      const key = anApiKey(user, { digest: `digest-${randomUUID()}` })
      await put(store, user, key)
      const { digest } = key
      for (const another of [digest.toUpperCase(), `${digest} `, digest.slice(1), '']) {
        assert.equal(await store.apiKeys.findSubject(another), null)
      }
    })

    test('the user is the one of today (AC-113)', async ([store, other]) => {
      const user = await addUser(store)
      const key = anApiKey(user)
      await put(store, user, key)
      for (const changes of [{ role: 'x' }, { active: false }, { suspendedUntil: now + 5 }]) {
        const changed = await store.users.update(user.id, changes)
        assert.deepEqual((await other.apiKeys.findSubject(key.digest))?.user, changed)
      }
    })

    test('a user who is gone, inactive or has another stamp gets no key, and no event', async ([
      store,
      other,
    ]) => {
      const [user, inactive] = [await addUser(store), await addUser(store, { active: false })]
      const refused = [
        [inactive, inactive.securityStamp],
        [user, 'another'],
        [aUser(), user.securityStamp],
      ] as const
      for (const [owner, securityStamp] of refused) {
        const key = anApiKey(owner)
        const event = anEvent({ userId: owner.id })
        assert.equal(await store.apiKeys.create(key, { securityStamp, most: 9 }, { event }), false)
        assert.equal(await other.apiKeys.findSubject(key.digest), null)
        assert.deepEqual(await other.events.list({ userId: owner.id, limit: 9 }), [])
      }
    })

    test('of 50 keys at the same time a user gets as many as may be', async ([store, other]) => {
      const [user, another] = [await addUser(store), await addUser(store)]
      await put(store, another, anApiKey(another))
      const { securityStamp } = user
      const made = await fiftyAtOnce([store, other], ({ apiKeys }) =>
        apiKeys.create(anApiKey(user), { securityStamp, most: 3 }),
      )
      assert.equal(answersOf(made).filter(Boolean).length, 3)
      assert.equal((await other.apiKeys.listByUser(user.id)).length, 3)
    })

    test('a key is ended by its user, once of 50 at the same time, and no other', async ([
      store,
      other,
    ]) => {
      const [user, another] = [await addUser(store), await addUser(store)]
      const [key, stays, theirs] = [anApiKey(user), anApiKey(user), anApiKey(another)]
      for (const each of [key, stays]) await put(store, user, each)
      await put(store, another, theirs)
      const event = anEvent({ userId: user.id })
      assert.equal(await store.apiKeys.remove(another.id, key.id, { event }), false)
      assert.deepEqual(await other.events.list({ userId: user.id, limit: 9 }), [])
      assert.equal(await store.apiKeys.remove(user.id, randomUUID()), false)
      assert.deepEqual((await other.apiKeys.findSubject(key.digest))?.key, key)
      const ended = await fiftyAtOnce([store, other], ({ apiKeys }) =>
        apiKeys.remove(user.id, key.id),
      )
      assert.equal(answersOf(ended).filter(Boolean).length, 1)
      assert.equal(await other.apiKeys.findSubject(key.digest), null)
      assert.deepEqual(await other.apiKeys.listByUser(user.id), [stays])
      assert.deepEqual(await other.apiKeys.listByUser(another.id), [theirs])
    })

    test('keys go with their user, or with a change that ends them, and no others', async ([
      store,
      other,
    ]) => {
      const bystander = await addUser(store)
      const stays = anApiKey(bystander)
      await put(store, bystander, stays)
      const ends: readonly ((user: UserRecord) => Promise<unknown>)[] = [
        ({ id }) => store.users.remove(id),
        ({ id }) => store.users.update(id, { role: 'x' }, { endsApiKeysOf: id }),
        ({ id, passwordHash }) =>
          store.users.replacePasswordHash(id, passwordHash, 'new', { endsApiKeysOf: id }),
      ]
      for (const end of ends) {
        const user = await addUser(store)
        const key = anApiKey(user)
        await put(store, user, key)
        await store.users.update(user.id, { role: 'y', securityStamp: user.securityStamp })
        assert.deepEqual(await other.apiKeys.listByUser(user.id), [key], 'no change does alone')
        assert.ok(await end(user))
        assert.deepEqual(await other.apiKeys.listByUser(user.id), [])
        assert.equal(await other.apiKeys.findSubject(key.digest), null)
      }
      assert.deepEqual(await other.apiKeys.listByUser(bystander.id), [stays])
    })

    test('a change that is not made ends no key', async ([store, other]) => {
      const user = await addUser(store)
      const key = anApiKey(user)
      await put(store, user, key)
      const { id } = user
      const options = { ifStamp: 'another', endsApiKeysOf: id }
      assert.equal(await store.users.update(id, { role: 'x' }, options), null)
      assert.deepEqual(await other.apiKeys.listByUser(id), [key])
    })

    test('no key that is asked for in the login before outlives a change that ends keys', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const { id, securityStamp, passwordHash } = user
      const renewal = { oldSecurityStamp: securityStamp, securityStamp: randomUUID() }
      await fiftyAtOnce([store, other], async ({ apiKeys, users }, index) => {
        if (index !== 25) return await apiKeys.create(anApiKey(user), { securityStamp, most: 99 })
        const options = { renewal, endsApiKeysOf: id }
        return await users.replacePasswordHash(id, passwordHash, 'new', options)
      })
      assert.equal((await other.users.findById(id))?.passwordHash, 'new')
      assert.deepEqual(await other.apiKeys.listByUser(id), [])
    })

    test('of 50 uses at the same time one is noted, until 10 minutes later (AC-112)', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const [key, unused] = [anApiKey(user), anApiKey(user)]
      for (const each of [key, unused]) await put(store, user, each)
      for (const at of [now, now + 601]) {
        const noted = await fiftyAtOnce([store, other], ({ apiKeys }) =>
          apiKeys.touch(key.id, at, at - 600),
        )
        assert.equal(answersOf(noted).filter(Boolean).length, 1)
        const used = { ...key, lastUsedAt: at }
        assert.deepEqual(await other.apiKeys.listByUser(user.id), [used, unused])
      }
      assert.equal(await store.apiKeys.touch(key.id, now + 1201, now + 601), false)
      assert.equal(await store.apiKeys.touch(randomUUID(), now, now), false)
    })

    test('keys that expire soon are told of once, the next to expire first', async ([
      store,
      other,
    ]) => {
      const user = await addUser(store)
      const at = 2 ** 41
      const expiring = [3, 1, 2].map((after) => anApiKey(user, { expiresAt: at + after }))
      const [last, first, second] = expiring as [ApiKeyRecord, ApiKeyRecord, ApiKeyRecord]
      const others = [
        ...[anApiKey(user, { expiresAt: at }), anApiKey(user, { expiresAt: at + 4 })],
        anApiKey(user, { expiresAt: at + 2, expiryTold: true }),
      ]
      for (const each of [...expiring, ...others]) await put(store, user, each)
      assert.deepEqual(await other.apiKeys.expiring(at + 1, at + 3, 9), [first, second, last])
      assert.deepEqual(await other.apiKeys.expiring(at + 1, at + 3, 2), [first, second])
      const event = anEvent({ userId: user.id })
      const told = await fiftyAtOnce([store, other], ({ apiKeys }) =>
        apiKeys.tellExpiry(first.id, { event: { ...event, id: anEvent().id } }),
      )
      assert.equal(answersOf(told).filter(Boolean).length, 1)
      assert.equal((await other.events.list({ userId: user.id, limit: 9 })).length, 1)
      assert.deepEqual(await other.apiKeys.expiring(at + 1, at + 3, 9), [second, last])
      assert.equal(await store.apiKeys.tellExpiry(randomUUID()), false)
    })

    test('pruning deletes what expired before, so many at most', async ([store, other]) => {
      const user = await addUser(store)
      const old = [1, 2, 3].map((expiresAt) => anApiKey(user, { expiresAt }))
      const young = anApiKey(user, { expiresAt: 4 })
      for (const each of [...old, young]) await put(store, user, each)
      assert.equal(await store.apiKeys.prune(4, 2), 2)
      assert.equal(await store.apiKeys.prune(4, 9), 1)
      assert.equal(await store.apiKeys.prune(4, 9), 0)
      assert.deepEqual(await other.apiKeys.listByUser(user.id), [young])
    })
  })
}

/** Stores a key of a user who may have many. */
async function put(store: KeyStore, user: UserRecord, key: ApiKeyRecord): Promise<ApiKeyRecord> {
  const { securityStamp } = user
  assert.equal(await store.apiKeys.create(key, { securityStamp, most: 99 }), true)
  return key
}
