import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImportedUser } from '../../../src/core/users/imported-record.ts'
import type {
  ImportCounts,
  ImportOptions,
  RefusedEntry,
} from '../../../src/core/users/user-import.ts'
import { onEachStore } from './each-store.ts'

const taken = 'Another user has verified the e-mail address.'
let made = 0

onEachStore((on) => {
  /** The counts of an import, and what was refused. */
  async function importing(
    users: readonly ImportedUser[],
    options: ImportOptions = {},
  ): Promise<readonly [ImportCounts, readonly (readonly [number, string])[]]> {
    const refused: RefusedEntry[] = []
    const counts = await on().auth.users.importUsers(
      users.map((user, index) => ({ line: index + 1, user })),
      { ...options, onRefused: (entry) => refused.push(entry) },
    )
    return [counts, refused.map(({ line, problem }) => [line, problem])]
  }

  test('an import keeps addresses, and refuses a verified one that is taken by its line, in a dry run too (AC-12)', async () => {
    const { users } = on().auth
    const domain = `import${++made}.example.com`
    const email = `Ann@${domain}`
    const name = (user: string): string => `${user}.${made}`
    const owner = await users.create({ username: name('owner'), password: null, email })
    await users.setEmail(owner.id, email, { verified: true })
    const entries = [
      { username: name('ann'), email: email.toUpperCase(), emailVerified: true },
      { username: name('bob'), email },
      { username: name('carl'), email: `carl@${domain}`, emailVerified: true },
      { username: name('dora'), email: `CARL@${domain}`, emailVerified: true },
      { username: name('eve'), email: 'no address' },
      { username: name('fred'), emailVerified: true, suspendedUntil: 2_000_000_000 },
    ]
    const expected = [1, 4, 5]
    for (const dryRun of [true, false]) {
      const [counts, refused] = await importing(entries, { dryRun })
      assert.equal(counts.created, 3)
      assert.deepEqual(refused.map(([line]) => line).toSorted(), expected)
      assert.deepEqual(
        refused.filter(([line]) => line !== 5),
        [
          [1, taken],
          [4, taken],
        ],
      )
    }
    const found = async (user: string) => await users.findByUsername(name(user))
    assert.equal((await found('bob'))?.emailVerified, false)
    assert.equal((await users.findByEmail(`Carl@${domain}`))?.username, name('carl'))
    assert.equal((await users.findByEmail(email))?.id, owner.id, 'nothing is merged')
    assert.equal(await found('ann'), null)
    const fred = await found('fred')
    assert.deepEqual([fred?.email, fred?.emailVerified], [null, false])
    assert.equal(fred?.suspendedUntil, 2_000_000_000)
  })

  test('an update gives an address to those who have none, verifies it, and keeps another (AC-12)', async () => {
    const { users } = on().auth
    const domain = `update${++made}.example.com`
    const name = (user: string): string => `${user}.${made}`
    const create = async (user: string, more: { email?: string; emailVerified?: boolean } = {}) =>
      await users.create({ username: name(user), password: null, ...more })
    await create('none')
    await create('same', { email: `same@${domain}` })
    await create('other', { email: `mine@${domain}`, emailVerified: true })
    await create('late')
    const entries = ['none', 'same', 'other'].map((user) => ({
      ...{ username: name(user), email: `${user}@${domain}`, emailVerified: true },
    }))
    const late = { username: name('late'), email: `mine@${domain}`, emailVerified: true }
    for (const dryRun of [true, false]) {
      const [counts, refused] = await importing([...entries, late], { update: true, dryRun })
      assert.deepEqual([counts.updated, counts.skipped], [2, 1])
      assert.deepEqual(refused, [[4, taken]])
    }
    const emails = await Promise.all(
      ['none', 'same', 'other', 'late'].map(async (user) => {
        const found = await users.findByUsername(name(user))
        return [found?.email, found?.emailVerified]
      }),
    )
    assert.deepEqual(emails, [
      [`none@${domain}`, true],
      [`same@${domain}`, true],
      [`mine@${domain}`, true],
      [null, false],
    ])
  })
})
