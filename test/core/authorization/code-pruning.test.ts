// Codes are kept for an hour after their end, and no longer.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { internals } from '../../../src/core/internals.ts'
import type { Store } from '../../../src/core/store.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock } from '../../fixtures.ts'
import { createRelyingParty } from '../../http/authorization/relying-party.ts'

/** Fulfilled when codes have been pruned, with how many were. */
function pruningOf(store: Store): Promise<number> {
  const { authorizationCodes: codes } = store
  return new Promise((resolve) => {
    Object.assign(codes ?? {}, {
      prune: watched(codes?.prune.bind(codes) ?? assert.fail(), resolve),
    })
  })
}

function watched<Args extends readonly unknown[]>(
  prune: (...args: Args) => Promise<number>,
  seen: (pruned: number) => void,
) {
  return async (...args: Args): Promise<number> => {
    const pruned = await prune(...args)
    seen(pruned)
    return pruned
  }
}

test('the maintenance deletes codes an hour after their end, used or not', async () => {
  const [clock, store] = [createTestClock(), memory()]
  const party = await createRelyingParty({ clock, store })
  await party.tokens()
  await party.code()
  clock.advance(60 + 3600)
  await party.code()
  for (const [pruned, later] of [
    [0, 1],
    [2, 0],
  ]) {
    const end = new AbortController()
    const done = pruningOf(store)
    const maintained = party.auth.maintain(end.signal)
    assert.equal(await done, pruned)
    end.abort()
    await maintained
    clock.advance(later ?? 0)
  }
})

test('without a login by browser nothing is asked of codes', async () => {
  const store = memory()
  let asked = 0
  Object.assign(store.authorizationCodes ?? {}, { prune: async () => asked++ })
  const auth = await createTestAuth({ store })
  assert.equal(auth[internals].hosted, null)
  const end = new AbortController()
  const maintained = auth.maintain(end.signal)
  end.abort()
  await maintained
  assert.equal(asked, 0)
})
