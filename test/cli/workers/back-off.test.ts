import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBackOff } from '../../../src/cli/workers/back-off.ts'

test('the first end is followed at once, each that comes soon after twice the time', () => {
  const delayAfter = createBackOff()
  const delays = Array.from({ length: 10 }, () => delayAfter(100))
  assert.deepEqual(delays, [0, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000])
})

test('a process that has run for long is followed at once, and what ends soon then waits again', () => {
  const delayAfter = createBackOff()
  for (let end = 0; end < 5; end++) delayAfter(100)
  assert.equal(delayAfter(30_000), 0)
  assert.equal(delayAfter(29_999), 500)
})
