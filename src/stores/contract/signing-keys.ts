import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { SigningKeyRecord } from '../../core/keys/key-store.ts'
import type { Store } from '../../core/store.ts'
import { addUser, aKey, now, type Stores } from './records.ts'

/** What a store keeps of signing keys. */
export function signingKeysContract(stores: Stores): void {
  describe('signing keys', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    const byId = (keys: readonly SigningKeyRecord[]) =>
      keys.toSorted((a, b) => (a.id < b.id ? -1 : 1))

    /** Deletes all keys, and returns the version of the empty set. */
    async function empty(): Promise<number> {
      const { version, keys } = await store.signingKeys.read()
      const remove = keys.map(({ id }) => id)
      assert.equal(await store.signingKeys.change(version, { put: [], remove }), true)
      return version + 1
    }

    test('a set is read as it was written, with its version', async () => {
      const version = await empty()
      assert.deepEqual(await other.signingKeys.read(), { version, keys: [] })
      const keys = [aKey(), aKey({ algorithm: 'EdDSA', verifiesUntil: now + 5, signsFrom: 0 })]
      await store.signingKeys.change(version, { put: keys, remove: [] })
      const read = await other.signingKeys.read()
      assert.equal(read.version, version + 1)
      assert.deepEqual(byId(read.keys), byId(keys))
      assert.equal(await other.signingKeys.version(), version + 1)
    })

    test('one change adds, replaces and removes', async () => {
      const version = await empty()
      const [kept, changed, removed, added] = [aKey(), aKey(), aKey(), aKey()]
      const { signingKeys } = store
      await signingKeys.change(version, { put: [kept, changed, removed], remove: [] })
      const after = { ...changed, signsFrom: now + 1, verifiesUntil: now + 2 }
      const change = { put: [after, added], remove: [removed.id] }
      assert.equal(await other.signingKeys.change(version + 1, change), true)
      assert.deepEqual(byId((await signingKeys.read()).keys), byId([kept, after, added]))
    })

    test('a change from another version changes nothing', async () => {
      const version = await empty()
      const key = aKey()
      await store.signingKeys.change(version, { put: [key], remove: [] })
      for (const from of [version, version + 2, -1]) {
        const change = { put: [aKey()], remove: [key.id] }
        assert.equal(await other.signingKeys.change(from, change), false)
      }
      assert.deepEqual(await store.signingKeys.read(), { version: version + 1, keys: [key] })
    })

    test('of 20 changes at the same time one is made (KM-04)', async () => {
      for (let round = 0; round < 5; round++) {
        const version = await empty()
        const keys = Array.from({ length: 20 }, () => aKey())
        const changed = await Promise.all(
          keys.map((key, index) =>
            (index % 2 ? store : other).signingKeys.change(version, { put: [key], remove: [] }),
          ),
        )
        assert.equal(changed.filter(Boolean).length, 1)
        const winner = keys[changed.indexOf(true)]
        assert.deepEqual(await store.signingKeys.read(), { version: version + 1, keys: [winner] })
      }
    })

    test('a set is never read half changed, nor under the version of another', async () => {
      const first = await empty()
      // The key of each version is the number of that version.
      const keyOf = (version: number) => aKey({ id: String(version) })
      let isOver = false
      const change = async (): Promise<void> => {
        for (let version = first; version < first + 20; version++) {
          const next = { put: [keyOf(version + 1)], remove: [String(version)] }
          assert.equal(await store.signingKeys.change(version, next), true)
        }
      }
      const watch = async (): Promise<number> => {
        for (let isLast = false; ; isLast = isOver) {
          const { version, keys } = await other.signingKeys.read()
          const ids = keys.map(({ id }) => id)
          assert.deepEqual(ids, version === first ? [] : [String(version)])
          if (isLast) return version
          // A store that answers at once would leave no time for the changes to reach the disk.
          await new Promise(setImmediate)
        }
      }
      const changes = change().finally(() => {
        isOver = true
      })
      const [, seen] = await Promise.all([changes, watch()])
      assert.equal(seen, first + 20)
    })

    test('the subject of a request says the version of the keys, as it is then', async () => {
      const user = await addUser(store)
      const version = await empty()
      const seen = async () => (await other.findSubject(user.id, null))?.keysVersion
      assert.equal(await seen(), version)
      await store.signingKeys.change(version, { put: [aKey()], remove: [] })
      assert.equal(await seen(), version + 1)
    })
  })
}
