import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { aPasskey, aToken, aUser, now } from '../../../src/stores/contract/records.ts'
import { inspectSqlite } from '../../../src/stores/sqlite/inspection.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { openedTimes } from './opened-times.ts'

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'portcullis-inspection-'))
  path = join(directory, 'app.db')
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

async function withStore(use: (store: ReturnType<typeof sqlite>) => Promise<unknown>) {
  const store = sqlite(path)
  await store.open()
  await use(store)
  await store.close()
}

test('a database is told by what is in it, and let go of', async () => {
  await withStore(async ({ users }) => {
    await users.create(aUser({ role: 'admin' }))
    await users.create(aUser({ role: 'member', active: false, passwordHash: null }))
    await users.create(aUser({ role: 'member' }))
  })
  const found = await inspectSqlite(path)
  assert.equal(openedTimes(path), 0)
  assert.partialDeepStrictEqual(found, {
    engine: 'SQLite',
    damages: [],
    clockOffset: null,
    maxConnections: null,
    pooler: null,
    olderPrimaries: null,
    steps: { pending: [], unknown: [] },
    contents: { users: 3, activeByRole: { admin: 1, member: 1 }, keys: [], pepperIds: [] },
  })
  assert.match(found?.version ?? '', /^3\.\d+/)
  assert.ok((found?.latency ?? -1) >= 0)
})

test('of one-time tokens those that are sealed are counted by their keys', async () => {
  const sealing = { secret: new Uint8Array(randomBytes(32)), previousSecrets: [] }
  const user = aUser()
  await withStore(async ({ users, factors, oneTimeTokens }) => {
    await users.create(user)
    const first = { securityStamp: 'new', recoveryCodes: [] }
    const spends = { kind: 'passkey', digest: 'spent', now, expiresAt: now + 300 } as const
    const addition = { factor: aPasskey(user), securityStamp: user.securityStamp, first }
    assert.equal(await factors?.addPasskey(addition, { spends }), true)
    // Of a version to come.
    await oneTimeTokens?.put(aToken({ kind: 'constructor' as never, payload: '' }))
  })
  const none = { today: 0, previous: 0, unreadable: 0 }
  const found = await inspectSqlite(path, {}, sealing)
  assert.deepEqual(found?.contents?.sealed, {
    factors: none,
    oneTimeTokens: none,
    neededUntil: null,
  })
  await withStore(async ({ oneTimeTokens }) => {
    await oneTimeTokens?.put(aToken({ kind: 'mfa', payload: 'v1.lost' }))
  })
  const lost = await inspectSqlite(path, {}, sealing)
  assert.deepEqual(lost?.contents?.sealed?.oneTimeTokens, { ...none, unreadable: 1 })
})

test('of the users those that documents name are looked at, and the first five, who have a password', async () => {
  await withStore(async ({ users }) => {
    for (let number = 1; number <= 7; number++) {
      const passwordHash = number === 2 ? null : `hash ${number}`
      await users.create(aUser({ id: `0${number}`, username: `user${number}`, passwordHash }))
    }
    await users.create(aUser({ id: '09', username: 'alice', passwordHash: 'hash of alice' }))
  })
  const { contents } = (await inspectSqlite(path)) ?? {}
  assert.deepEqual(contents?.likelySamples.map(({ username }) => username).sort(), [
    'alice',
    'user1',
    'user3',
    'user4',
    'user5',
  ])
})

test('of a database of other steps the contents are not told', async () => {
  await withStore(async () => {})
  const database = new DatabaseSync(path)
  database.exec("insert into portcullis_migration values ('9999_of_later', '')")
  database.close()
  const { steps, contents } = (await inspectSqlite(path)) ?? {}
  assert.deepEqual([steps?.unknown, contents], [['9999_of_later'], null])
})

test('where there is no file nothing is made, and what is no database is told so', async () => {
  assert.equal(await inspectSqlite(path), null)
  assert.deepEqual(readdirSync(directory), [])
  writeFileSync(path, 'no database at all, and long enough to be looked at')
  await assert.rejects(inspectSqlite(path), { name: 'StoreError' })
  assert.equal(openedTimes(path), 0)
})

test('a store that cannot be opened lets go of its file, and one that is closed too', async () => {
  await withStore(async () => assert.ok(openedTimes(path) > 0 || process.platform !== 'linux'))
  assert.equal(openedTimes(path), 0)
  const database = new DatabaseSync(path)
  database.exec("insert into portcullis_migration values ('9999_of_later', '')")
  database.close()
  await assert.rejects(sqlite(path).open(), { code: 'newer_version' })
  assert.equal(openedTimes(path), 0)
})
