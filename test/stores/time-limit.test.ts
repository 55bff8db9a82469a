import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { test } from 'node:test'
import { TimeLimit, TimeLimitError } from '../../src/stores/time-limit.ts'

const never = (): Promise<never> => new Promise(() => {})

test('what comes in time is the answer, one after the other', async () => {
  const limit = new TimeLimit(60_000)
  assert.equal(await limit.race(async () => 1), 1)
  assert.equal(limit.isOver, false)
  await assert.rejects(
    limit.race(() => Promise.reject(new RangeError())),
    RangeError,
  )
  limit.end()
})

test('what does not come in time is given up, and what follows is not started', async () => {
  const limit = new TimeLimit(1)
  await assert.rejects(limit.race(never), TimeLimitError)
  assert.equal(limit.isOver, true)
  await assert.rejects(
    limit.race(() => assert.fail('started')),
    TimeLimitError,
  )
})

test('an answer that came while this process stood still is in time', async () => {
  const limit = new TimeLimit(1)
  const answer = limit.race(() => stat('.'))
  // The look at the directory is done on another thread.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  assert.ok((await answer).isDirectory())
  limit.end()
})
