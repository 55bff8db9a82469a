import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeContract } from '../../../src/stores/contract/contract.ts'
import { anEvent, aUser } from '../../../src/stores/contract/records.ts'
import { memory } from '../../../src/stores/memory/memory.ts'

storeContract('memory', async () => {
  const store = memory()
  await store.open()
  return [store, store]
})

test('a record that was read cannot be changed from outside', async () => {
  const { users } = memory()
  const user = aUser()
  await users.create(user)
  const read = await users.findById(user.id)
  assert.throws(() => Object.assign(read ?? {}, { role: 'admin' }), TypeError)
})

test('the newest ten thousand events are kept at least, and twice as many at most', async () => {
  const { events } = memory()
  for (let at = 0; at <= 20_000; at++) await events.append(anEvent({ at }))
  const kept = await events.list({ limit: 30_000 })
  assert.deepEqual([kept.length, kept[0]?.at, kept.at(-1)?.at], [10_000, 20_000, 10_001])
})
