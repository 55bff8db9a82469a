// What an import refuses, and when it ends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAuth } from '../../../src/core/auth.ts'
import type { ImportEntry, RefusedEntry } from '../../../src/core/users/user-import.ts'
import type { Users } from '../../../src/core/users/users.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { cheapHashing } from '../../fixtures.ts'

async function open(): Promise<Users> {
  return (await createAuth({ store: memory(), passwordHash: cheapHashing })).users
}

test('a time of creation is a whole number of seconds since 1970', async () => {
  const users = await open()
  const refused: RefusedEntry[] = []
  const times = [0, 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]
  const source = times.map((createdAt, line) => ({
    line,
    user: { username: `u${line}`, createdAt },
  }))
  const counts = await users.importUsers(source, { onRefused: (entry) => refused.push(entry) })
  assert.equal(counts.created, 2)
  assert.equal((await users.findByUsername('u0'))?.createdAt, 0)
  assert.deepEqual(
    refused.map(({ line, problem }) => [line, problem]),
    [2, 3, 4, 5, 6].map((line) => [line, 'The time of creation must be after 1970.']),
  )
})

test('a hash of no characters is none: the user has no password', async () => {
  const users = await open()
  const counts = await users.importUsers([{ line: 1, user: { username: 'ann', passwordHash: '' } }])
  assert.deepEqual([counts.created, counts.withoutPassword], [1, 1])
})

test('an import that is ended while it reads its last entries creates none of them', async () => {
  const users = await open()
  const ending = new AbortController()
  async function* source(): AsyncGenerator<ImportEntry> {
    yield { line: 1, user: { username: 'ann' } }
    ending.abort()
  }
  const counts = await users.importUsers(source(), { signal: ending.signal })
  assert.equal(counts.created, 0)
  assert.equal(await users.findByUsername('ann'), null)
})

test('an import of nobody writes nothing', async () => {
  const users = await open()
  let writes = 0
  await users.importUsers([], { onProgress: () => writes++ })
  assert.equal(writes, 0)
})
