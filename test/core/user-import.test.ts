import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { createAuth } from '../../src/core/auth.ts'
import { AccountError } from '../../src/core/errors.ts'
import type { AuthEvent } from '../../src/core/event-store.ts'
import type { ImportEntry, ImportedUser, RefusedEntry } from '../../src/core/user-import.ts'
import { memory } from '../../src/stores/memory.ts'
import { cheapHashing } from '../fixtures.ts'

const clock = (): number => 1_700_000_000
const open = () => createAuth({ store: memory(), passwordHash: cheapHashing, clock })

function entries(...users: ImportedUser[]): ImportEntry[] {
  return users.map((user, index) => ({ line: index + 1, user }))
}

test('an imported user has what the entry says, and what is usual where it says nothing', async () => {
  const { accounts } = await open()
  const id = randomUUID()
  await accounts.importUsers(
    entries(
      { username: 'Ann' },
      { username: 'bob', id: id.toUpperCase(), role: 'admin', active: false, createdAt: 5 },
      { username: 'carol', id: '17' },
    ),
    { role: 'member' },
  )
  const ann = await accounts.findByUsername('ann')
  assert.deepEqual(
    [ann?.username, ann?.role, ann?.active, ann?.createdAt],
    ['ann', 'member', true, clock()],
  )
  const bob = { id, username: 'bob', role: 'admin', active: false, createdAt: 5 }
  assert.deepEqual(await accounts.find(id), bob)
  assert.match((await accounts.findByUsername('carol'))?.id ?? '', /^[0-9a-f-]{36}$/)
})

test('who is there already stays as they are, and a second import changes nothing', async () => {
  const { accounts } = await open()
  const before = await accounts.create({ username: 'ann', password: 'three green tractors sing' })
  const source = entries(
    { username: 'ANN', role: 'admin' },
    { username: 'bob' },
    { username: 'Bob' },
  )
  const first = await accounts.importUsers(source)
  assert.deepEqual(first, { created: 1, withoutPassword: 1, skipped: 2, refused: 0 })
  const second = await accounts.importUsers(source)
  assert.deepEqual(second, { created: 0, withoutPassword: 0, skipped: 3, refused: 0 })
  assert.deepEqual(await accounts.findByUsername('ann'), before)
})

test('an import is an event with the number of users for each transaction, and none if it creates nobody (LA-01, LA-06)', async () => {
  const { accounts, events } = await open()
  const heard: AuthEvent[] = []
  events.subscribe((event) => heard.push(event))
  const many = Array.from({ length: 2003 }, (_, index) => ({ username: `user${index}` }))
  const by = { actor: 'cli:root' }
  await accounts.importUsers(entries(...many), { by, dryRun: true })
  assert.equal(heard.length, 0)
  await accounts.importUsers(entries({ username: 'user7' }, { username: '' }))
  await accounts.importUsers(entries(...many), { by })
  await accounts.importUsers(entries(...many), { by })
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
  const { accounts } = await open()
  const { id } = await accounts.create({ username: 'ann', password: 'three green tractors sing' })
  const refused: RefusedEntry[] = []
  const counts = await accounts.importUsers(entries({ username: 'bob', id }), {
    onRefused: (entry) => refused.push(entry),
  })
  assert.equal(counts.refused, 1)
  const problem = 'The id is that of another user.'
  assert.deepEqual(refused, [{ line: 1, username: 'bob', problem }])
  assert.equal(await accounts.findByUsername('bob'), null)
})

test('a dry run counts what an import would come to, over batches, and creates nobody', async () => {
  const { accounts } = await open()
  await accounts.create({ username: 'user1', password: 'three green tractors sing' })
  const users = Array.from({ length: 5000 }, (_, index) => ({ username: `user${index}` }))
  const source = entries(...users, ...users.slice(0, 10), { username: 'two words' })
  const dry = await accounts.importUsers(source, { dryRun: true })
  assert.equal((await accounts.counts()).total, 1)
  const progress: number[] = []
  const real = await accounts.importUsers(source, {
    onProgress: ({ created, skipped }) => progress.push(created + skipped),
  })
  assert.deepEqual(dry, { created: 4999, withoutPassword: 4999, skipped: 11, refused: 1 })
  assert.deepEqual(real, dry)
  assert.deepEqual(progress, [2000, 4000, 5010])
})

test('an import to a role that is unknown is refused before anything is read', async () => {
  const { accounts } = await open()
  await assert.rejects(
    accounts.importUsers(entries({ username: 'ann' }), { role: 'king' }),
    (error) => error instanceof AccountError && error.code === 'role_unknown',
  )
})
