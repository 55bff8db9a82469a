import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { createAuth } from '../../../src/core/auth.ts'
import { UserError } from '../../../src/core/errors.ts'
import type { AuthEvent } from '../../../src/core/events/event-store.ts'
import { internals } from '../../../src/core/internals.ts'
import type { Store } from '../../../src/core/store.ts'
import type { ImportedUser } from '../../../src/core/users/imported-record.ts'
import type { ImportEntry, RefusedEntry } from '../../../src/core/users/user-import.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { cheapHashing } from '../../fixtures.ts'

const clock = (): number => 1_700_000_000
const open = () => createAuth({ store: memory(), passwordHash: cheapHashing, clock })

const none = {
  ...{ created: 0, withoutPassword: 0, updated: 0, passwordKept: 0 },
  ...{ skipped: 0, refused: 0 },
}
/** It is the hash of "secret". */
const bcrypt = '$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW'
const otherBcrypt = bcrypt.replace(/.$/, 'X')
const password = 'three green tractors sing'

function entries(...users: ImportedUser[]): ImportEntry[] {
  return users.map((user, index) => ({ line: index + 1, user }))
}

test('an imported user has what the entry says, and what is usual where it says nothing', async () => {
  const { users } = await open()
  const id = randomUUID()
  await users.importUsers(
    entries(
      { username: 'Ann' },
      { username: 'bob', id: id.toUpperCase(), role: 'admin', active: false, createdAt: 5 },
      { username: 'carol', id: '17' },
    ),
    { role: 'member' },
  )
  const ann = await users.findByUsername('ann')
  assert.deepEqual(
    [ann?.username, ann?.role, ann?.active, ann?.createdAt],
    ['ann', 'member', true, clock()],
  )
  const bob = { id, username: 'bob', role: 'admin', active: false, createdAt: 5 }
  assert.deepEqual(await users.find(id), {
    ...bob,
    ...{ email: null, emailVerified: false, fields: {}, suspendedUntil: null },
  })
  assert.match((await users.findByUsername('carol'))?.id ?? '', /^[0-9a-f-]{36}$/)
})

test('who is there already stays as they are, and a second import changes nothing', async () => {
  const { users } = await open()
  const before = await users.create({ username: 'ann', password: 'three green tractors sing' })
  const source = entries(
    { username: 'ANN', role: 'admin' },
    { username: 'bob' },
    { username: 'Bob' },
  )
  const first = await users.importUsers(source)
  assert.deepEqual(first, { ...none, created: 1, withoutPassword: 1, skipped: 2 })
  const second = await users.importUsers(source)
  assert.deepEqual(second, { ...none, skipped: 3 })
  assert.deepEqual(await users.findByUsername('ann'), before)
})

test('an import is an event with the number of users for each transaction, and none if it creates nobody (LA-01, LA-06)', async () => {
  const { users, events } = await open()
  const heard: AuthEvent[] = []
  events.subscribe((event) => heard.push(event))
  const many = Array.from({ length: 2003 }, (_, index) => ({ username: `user${index}` }))
  const by = { actor: 'cli:root' }
  await users.importUsers(entries(...many), { by, dryRun: true })
  assert.equal(heard.length, 0)
  await users.importUsers(entries({ username: 'user7' }, { username: '' }))
  await users.importUsers(entries(...many), { by })
  await users.importUsers(entries(...many), { by })
  const stored = await events.list({ type: 'users_imported', limit: 10 })
  assert.deepEqual(new Set(stored), new Set(heard))
  assert.deepEqual(
    heard.map(({ actor, details }) => [actor, details?.created]),
    [
      [undefined, 1],
      ['cli:root', 1999],
      ['cli:root', 3],
    ],
  )
  const [other, first, second] = heard.map(({ details }) => details?.import_id)
  assert.equal(first, second, 'one import')
  assert.notEqual(first, other)
})

test('an id of another user is refused, not given a second time', async () => {
  const { users } = await open()
  const { id } = await users.create({ username: 'ann', password: 'three green tractors sing' })
  const refused: RefusedEntry[] = []
  const counts = await users.importUsers(entries({ username: 'bob', id }), {
    onRefused: (entry) => refused.push(entry),
  })
  assert.equal(counts.refused, 1)
  const problem = 'The id is that of another user.'
  assert.deepEqual(refused, [{ line: 1, username: 'bob', problem }])
  assert.equal(await users.findByUsername('bob'), null)
})

test('a dry run counts what an import would come to, over batches, and creates nobody', async () => {
  const { users } = await open()
  await users.create({ username: 'user1', password: 'three green tractors sing' })
  const many = Array.from({ length: 5000 }, (_, index) => ({ username: `user${index}` }))
  const source = entries(...many, ...many.slice(0, 10), { username: 'two words' })
  const dry = await users.importUsers(source, { dryRun: true })
  assert.equal((await users.counts()).total, 1)
  const progress: number[] = []
  const real = await users.importUsers(source, {
    onProgress: ({ created, skipped }) => progress.push(created + skipped),
  })
  assert.deepEqual(dry, { ...none, created: 4999, withoutPassword: 4999, skipped: 11, refused: 1 })
  assert.deepEqual(real, dry)
  assert.deepEqual(progress, [2000, 4000, 5010])
})

test('an import to a role that is unknown is refused before anything is read', async () => {
  const { users } = await open()
  await assert.rejects(
    users.importUsers(entries({ username: 'ann' }), { role: 'king' }),
    (error) => error instanceof UserError && error.code === 'role_unknown',
  )
})

describe('an import that updates', () => {
  async function openWith(...users: ImportedUser[]) {
    const auth = await open()
    // Somebody has to be an administrator when others cease to be.
    await auth.users.create({ username: 'boss', password, role: 'admin' })
    await auth.users.importUsers(entries(...users))
    const stored = async (name: string) => await auth[internals].store.users.findByUsername(name)
    const update = (source: ImportEntry[], options = {}) =>
      auth.users.importUsers(source, { update: true, by: { actor: 'test' }, ...options })
    return { ...auth, stored, update }
  }

  test('changes what an entry names of who is there, tells of it, and creates the others (LA-01)', async () => {
    const { users, events, stored, update } = await openWith(
      { username: 'ann', passwordHash: bcrypt },
      { username: 'bob', role: 'admin', active: false, createdAt: 5 },
      { username: 'carol', passwordHash: bcrypt, role: 'admin' },
    )
    const before = await stored('ann')
    const source = entries(
      { username: 'ANN', passwordHash: otherBcrypt, role: 'admin', id: randomUUID(), createdAt: 9 },
      { username: 'bob', role: 'member', active: true, passwordHash: bcrypt },
      { username: 'carol' },
      { username: 'dan' },
    )
    const dry = await update(source, { dryRun: true, role: 'admin' })
    assert.deepEqual(await stored('ann'), before)
    const counts = await update(source, { role: 'admin' })
    assert.deepEqual(counts, { ...none, created: 1, withoutPassword: 1, updated: 2, skipped: 1 })
    assert.deepEqual(dry, counts)

    const ann = await stored('ann')
    const changed = { passwordHash: otherBcrypt, role: 'admin' }
    assert.notEqual(ann?.securityStamp, before?.securityStamp, 'the old password logs in no more')
    assert.deepEqual(ann, { ...before, ...changed, securityStamp: ann?.securityStamp })
    const bob = await stored('bob')
    assert.deepEqual([bob?.role, bob?.active, bob?.passwordHash], ['member', true, bcrypt])
    assert.equal((await stored('carol'))?.role, 'admin', 'a default changes nobody')
    assert.equal((await users.findByUsername('dan'))?.role, 'admin')

    const told = await events.list({ actor: 'test', limit: 10 })
    assert.deepEqual(told.map(({ type }) => type).reverse(), [
      'users_imported',
      'privilege_permissions_changed',
      'authn_password_change',
      'privilege_permissions_changed',
      'user_updated',
      'authn_password_change',
    ])
    const again = await update(source, { role: 'admin' })
    assert.deepEqual(again, { ...none, skipped: 4 })
  })

  test('keeps a password that was set or renewed here, and counts it (PW-04)', async () => {
    const { users, authenticate, stored, update } = await openWith(
      { username: 'ann', passwordHash: bcrypt },
      { username: 'bob', passwordHash: bcrypt },
    )
    assert.ok(await authenticate({ username: 'ann', password: 'secret', address: '::1' }))
    const bob = await users.findByUsername('bob')
    await users.setPassword(bob?.id ?? '', password)
    const before = [await stored('ann'), await stored('bob')]
    for (const user of before) assert.match(user?.passwordHash ?? '', /^\$argon2id\$/)
    const hashes = [bcrypt, otherBcrypt]
    for (const dryRun of [true, false]) {
      for (const passwordHash of hashes) {
        const source = entries({ username: 'ann', passwordHash }, { username: 'bob', passwordHash })
        const counts = await update(source, { dryRun })
        assert.deepEqual(counts, { ...none, passwordKept: 2, skipped: 2 })
      }
    }
    assert.deepEqual([await stored('ann'), await stored('bob')], before)
  })

  test('does not write over a password that is renewed at the same moment (PW-04)', async () => {
    const store = memory()
    const { replacePasswordHash } = store.users
    const racing: Store['users'] = {
      ...store.users,
      async replacePasswordHash(id, from, to, options) {
        // A login comes first.
        if (options?.event) await replacePasswordHash(id, from, '$argon2id$renewed')
        return await replacePasswordHash(id, from, to, options)
      },
    }
    const { users } = await createAuth({
      store: { ...store, users: racing },
      passwordHash: cheapHashing,
      clock,
    })
    await users.importUsers(entries({ username: 'ann', passwordHash: bcrypt }))
    const refused: RefusedEntry[] = []
    const counts = await users.importUsers(
      entries({ username: 'ann', passwordHash: otherBcrypt }),
      { update: true, onRefused: (entry) => refused.push(entry) },
    )
    assert.deepEqual(counts, { ...none, refused: 1 })
    assert.match(refused[0]?.problem ?? '', /was changed meanwhile: import the entry again/)
    assert.equal((await store.users.findByUsername('ann'))?.passwordHash, '$argon2id$renewed')
  })

  test('ends the sessions of a password that is replaced, and of who is deactivated (SR-09)', async () => {
    const { sessions, stored, update } = await openWith(
      { username: 'ann', passwordHash: bcrypt },
      { username: 'bob', passwordHash: bcrypt },
      { username: 'carol', passwordHash: bcrypt },
    )
    const opened = new Map<string, string>()
    for (const name of ['ann', 'bob', 'carol']) {
      const user = await stored(name)
      assert.ok(user)
      const session = await sessions.open(user, { clientId: 'app', scopes: [] })
      opened.set(name, session?.refreshToken ?? '')
    }
    await update(
      entries(
        { username: 'ann', passwordHash: otherBcrypt },
        { username: 'bob', active: false },
        { username: 'carol', role: 'admin' },
      ),
    )
    const isLive = async (name: string) => (await sessions.inspect(opened.get(name) ?? '')) !== null
    assert.deepEqual(
      [await isLive('ann'), await isLive('bob'), await isLive('carol')],
      [false, false, true],
    )
  })

  test('leaves the last administrator, and an id of another user, and says so', async () => {
    const { users, stored, update } = await openWith({ username: 'ann' })
    const id = (await stored('ann'))?.id
    const refused: RefusedEntry[] = []
    const counts = await update(
      entries(
        { username: 'boss', role: 'member' },
        { username: 'boss', active: false },
        { username: 'new', id },
      ),
      { onRefused: (entry: RefusedEntry) => refused.push(entry) },
    )
    assert.deepEqual(counts, { ...none, refused: 3 })
    const last = 'This is the last active administrator: make another one first.'
    assert.deepEqual(
      refused.map(({ problem }) => problem),
      [last, last, 'The id is that of another user.'],
    )
    assert.equal((await users.findByUsername('boss'))?.active, true)
  })

  test('takes the later of two entries of one name, in a dry run too', async () => {
    const { stored, update } = await openWith()
    const source = entries(
      { username: 'ann', role: 'member' },
      { username: 'Ann', role: 'admin' },
      { username: 'ann', role: 'admin', active: false },
      { username: 'ann', role: 'admin' },
    )
    const expected = { ...none, created: 1, withoutPassword: 1, updated: 2, skipped: 1 }
    assert.deepEqual(await update(source, { dryRun: true }), expected)
    assert.equal(await stored('ann'), null)
    assert.deepEqual(await update(source), expected)
    assert.deepEqual([(await stored('ann'))?.role, (await stored('ann'))?.active], ['admin', false])
  })
})
