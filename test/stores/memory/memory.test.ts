import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeContract } from '../../../src/stores/contract/contract.ts'
import { aUser } from '../../../src/stores/contract/records.ts'
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
