import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import {
  createPendingAttempts,
  type PendingAttempt,
  type PendingAttempts,
} from '../../../src/core/throttle/pending-attempts.ts'

/** Milliseconds that no test waits for. */
const long = 60_000

/** True if it resolves to a new try, which ends at once without success. */
async function triesAgain(outcome: Promise<PendingAttempt | null>): Promise<boolean> {
  const retry = await outcome
  retry?.end()
  return retry !== null
}

let pending: PendingAttempts

beforeEach(() => {
  pending = createPendingAttempts()
})

test('an attempt with an outcome wakes all that wait for its key, and no others', async () => {
  const [first, second] = [pending.enter('a'), pending.enter('b')]
  for (const attempt of [first, second]) attempt.counted()
  const waiting = [pending.outcome('a', long), pending.outcome('a', long)].map(triesAgain)
  const other = triesAgain(pending.outcome('b', long))
  first.end()
  assert.deepEqual(await Promise.all(waiting), [true, true])
  const state = await Promise.race([other, Promise.resolve('waits')])
  assert.equal(state, 'waits')
  second.end()
  assert.equal(await other, true)
})

test('who has no time left does not wait, whatever comes then', async () => {
  const attempt = pending.enter('a')
  attempt.counted()
  const outcomes = [0, -1].map((milliseconds) => triesAgain(pending.outcome('a', milliseconds)))
  const waiting = triesAgain(pending.outcome('a', long))
  attempt.end()
  assert.deepEqual(await Promise.all([...outcomes, waiting]), [false, false, true])
})

test('while none is on its way, nobody waits', async () => {
  assert.equal(await pending.outcome('a', long), null)
  const attempt = pending.enter('a')
  attempt.counted()
  attempt.end()
  assert.equal(await pending.outcome('a', long), null)
})

test('refusals wake the others when the last is told, and to no new try', async () => {
  const [first, second] = [pending.enter('a'), pending.enter('a')]
  const waiting = triesAgain(pending.outcome('a', long))
  first.end()
  assert.equal(await Promise.race([waiting, Promise.resolve('waits')]), 'waits')
  second.end()
  assert.equal(await waiting, false)
})

test('what ends twice ends once: the others are still waited for', async () => {
  const [first, second] = [pending.enter('a'), pending.enter('a')]
  for (const attempt of [first, second]) attempt.counted()
  for (let times = 0; times < 3; times++) first.end()
  const waiting = triesAgain(pending.outcome('a', long))
  second.end()
  assert.equal(await waiting, true)
})

test('an attempt that ended cannot be counted afterwards', async () => {
  const [first, second] = [pending.enter('a'), pending.enter('a')]
  first.end()
  first.counted()
  const waiting = triesAgain(pending.outcome('a', long))
  first.end()
  second.end()
  assert.equal(await waiting, false)
})

test('a wait ends by itself when its time is up', async () => {
  pending.enter('a').counted()
  assert.equal(await pending.outcome('a', 1), null)
  assert.equal(await pending.outcome('a', 0), null)
})

test('256 wait for one key and no more, and each has a try, a few at a time', async () => {
  const attempt = pending.enter('a')
  attempt.counted()
  const tries: PendingAttempt[] = []
  const waiting = Array.from({ length: 256 }, async () => {
    const retry = await pending.outcome('a', long)
    if (retry !== null) tries.push(retry)
  })
  assert.equal(await pending.outcome('a', long), null)
  attempt.end()
  await waiting[0]
  assert.equal(tries.length, 8)
  for (const retry of tries) {
    retry.counted()
    retry.end()
    await new Promise(setImmediate)
  }
  await Promise.all(waiting)
  assert.equal(tries.length, 256)
  assert.equal(await pending.outcome('a', long), null, 'nothing is left of them')
})
