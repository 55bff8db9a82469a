// Links, codes and tokens of logins have one place in the store, and are pruned there once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuthOptions } from '../../src/core/auth-options.ts'
import { memory } from '../../src/stores/memory/memory.ts'
import { createTestAuth, createTestClock } from '../fixtures.ts'

const week = 7 * 24 * 60 * 60

/** The instants before which tokens have been pruned, by one round of the maintenance. */
async function prunedBefore(options: Pick<AuthOptions, 'accounts' | 'factors'>) {
  const store = memory()
  const pruned: number[] = []
  Object.assign(store.oneTimeTokens ?? assert.fail(), {
    async prune(expiredBefore: number) {
      pruned.push(expiredBefore)
      return 0
    },
  })
  const auth = await createTestAuth({ store, clock: createTestClock(10 * week), ...options })
  const end = new AbortController()
  const maintained = auth.maintain(end.signal)
  end.abort()
  await maintained
  return pruned
}

test('with accounts, factors or both the maintenance deletes one-time tokens of a week ago, once', async () => {
  for (const options of [{ accounts: {} }, { factors: {} }, { accounts: {}, factors: {} }]) {
    assert.deepEqual(await prunedBefore(options), [9 * week])
  }
})

test('without either nothing is asked of one-time tokens', async () => {
  assert.deepEqual(await prunedBefore({}), [])
})
