import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describedProblems } from '../../../src/core/access/permissions.ts'
import { createAuth } from '../../../src/core/auth.ts'
import { createResourceServer } from '../../../src/core/issuers/resource-server.ts'
import { memory } from '../../../src/stores/memory/memory.ts'

const shape = /^The option permissions must map each permission to a sentence/m

test('permissions that each have a sentence are taken, and so are none', () => {
  assert.deepEqual(describedProblems({ 'items:read': 'Read items.', 'items:write': '' }), [])
  assert.deepEqual(describedProblems(undefined), [])
})

for (const [permissions, message] of [
  [{ 'a b': '' }, /^Permission "a b" must be printable ASCII/m],
  [{ 'items:read': 5 }, /^The description of permission "items:read" must be a text\.$/m],
  [['items:read'], shape],
  ['items:read', shape],
  [null, shape],
] as const) {
  test(`the permissions ${JSON.stringify(permissions)} are refused before a store is opened`, async () => {
    let opened = false
    const store = {
      ...memory(),
      open: async () => {
        opened = true
      },
    }
    const wrong = { permissions: permissions as never }
    await assert.rejects(createAuth({ store, ...wrong }), { code: 'config_invalid', message })
    assert.equal(opened, false)
    assert.throws(() => createResourceServer({ issuers: [], ...wrong }), {
      code: 'config_invalid',
      message,
    })
  })
}
