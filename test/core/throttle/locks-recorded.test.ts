import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnavailableError } from '../../../src/core/errors.ts'
import { createThrottle } from '../../../src/core/throttle/throttle.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { createTestClock } from '../../fixtures.ts'

test('an attempt that locks an account ends when the lock is recorded, and fails if it cannot be', async () => {
  const clock = createTestClock()
  const { throttle: store } = memory()
  const throttle = createThrottle(store, new Uint8Array(32).fill(7), clock)
  const lost = new UnavailableError('The event cannot be stored', 1)
  const wrong = (onLocked?: () => Promise<void>, address?: string) =>
    throttle.attempt({ account: 'alice', address, ...(onLocked && { onLocked }) }, async () => null)
  for (let failures = 1; failures < 100; failures++) {
    await wrong(() => assert.fail('not yet'), `192.0.2.${failures}`)
    clock.advance(15 * 60)
  }
  await assert.rejects(
    wrong(() => Promise.reject(lost), '192.0.2.200'),
    (error) => error === lost,
  )
  assert.equal(throttle.locked, 1)
})
