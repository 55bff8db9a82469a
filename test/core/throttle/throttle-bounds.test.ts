// The limits of the throttle, and what is left of an attempt that a fault ends.

import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { ThrottledError } from '../../../src/core/errors.ts'
import { createThrottle, type Throttle } from '../../../src/core/throttle/throttle.ts'
import type { ThrottleStore } from '../../../src/core/throttle/throttle-store.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { failPatiently } from './patience.ts'

const day = 86_400
const here = '192.0.2.1'
const start = 1_800_000_000
const secret = Buffer.alloc(32, 7)

let now: number
let store: ThrottleStore
let throttle: Throttle
/** Makes the next counts fail that it is told of. */
let failing: (counted: number) => boolean
let counted: number

beforeEach(() => {
  now = start
  counted = 0
  failing = () => false
  const real = memory().throttle
  store = {
    ...real,
    async count(count) {
      counted++
      if (failing(counted)) throw new Error('the store fails')
      return await real.count(count)
    },
  }
  // Nobody waits for the outcome of others here, where each comes after the other.
  throttle = createThrottle(store, secret, () => now, 0.01)
})

const pass = (seconds: number): void => {
  now += seconds
}

/** The outcome of a wrong or a right secret: seconds to wait, if it was not looked at. */
async function attempt(account: string, isRight = false, address = here): Promise<unknown> {
  try {
    return await throttle.attempt({ account, address }, async () => (isRight ? 'in' : null))
  } catch (error) {
    if (error instanceof ThrottledError) return error.retryAfter
    throw error
  }
}

test('attempts that the account has to wait for are no failures of the source (TH-03)', async () => {
  for (let tries = 0; tries < 80; tries++) await attempt('alice')
  assert.equal(await attempt('bob'), null)
})

test('99 failures do not lock an account, and 100 do (TH-04)', async () => {
  await failPatiently(99, (failed) => attempt('alice', false, `10.0.0.${failed}`), pass)
  now += day
  assert.equal(throttle.locked, 0)
  assert.equal(await attempt('alice'), null)
  assert.equal(throttle.locked, 1)
  now += 365 * day
  assert.equal(await attempt('alice', true), 900)
})

test('a source is never locked, however many names it has tried (TH-03)', async () => {
  await failPatiently(250, (failed) => attempt(`user${failed}`), pass)
  assert.equal(await attempt('another'), 900)
  now += 900
  assert.equal(await attempt('another'), null)
  now += day + 1
  for (let name = 0; name < 51; name++) assert.equal(await attempt(`later${name}`), null)
  assert.equal(await attempt('another one'), 1)
})

test('a fault of the store leaves nobody waiting for an attempt that never was', {
  timeout: 5000,
}, async () => {
  throttle = createThrottle(store, secret, () => now, 60)
  // Of the source, then of the account: the first and the second count of a stranger.
  for (const fault of [1, 2]) {
    counted = 0
    failing = (count) => count === fault
    await assert.rejects(attempt('alice'), /the store fails/)
    failing = () => false
  }
  for (let tries = 0; tries < 6; tries++) assert.equal(await attempt('alice'), null)
  assert.equal(await attempt('alice'), 1)
})

test('what a fault of the store ends is not counted: neither by the source nor by the account (TH-07)', async () => {
  failing = (count) => count % 2 === 0
  for (let tries = 0; tries < 60; tries++) {
    await assert.rejects(attempt(`user${tries}`), /the store fails/)
  }
  assert.equal(await store.prune(0, 0, 0), 0, 'no count is left')
})

test('counts are kept for 30 days, known sources for 90, and 200000 at most (TH-11, DR-01)', async () => {
  const asked: unknown[] = []
  const real = store.prune
  Object.assign(store, {
    prune: (...limits: Parameters<typeof real>) => {
      asked.push(limits)
      return real(...limits)
    },
  })
  await attempt('alice', true)
  await attempt('alice', false, '198.51.100.7')
  assert.equal(await throttle.prune(), 0)
  now += 30 * day
  assert.equal(await throttle.prune(), 0)
  now++
  assert.equal(await throttle.prune(), 2, 'of the account and of the source that failed')
  now += 60 * day - 1
  assert.equal(await throttle.prune(), 0)
  now++
  assert.equal(await throttle.prune(), 1, 'the known source')
  assert.deepEqual(asked.at(-1), [now - 30 * day, now - 90 * day, 200_000])
})
