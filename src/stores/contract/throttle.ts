// What every store must keep of the counts of failed attempts.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import {
  noEnd,
  type ThrottleCount,
  type ThrottleOutcome,
  type ThrottleRule,
} from '../../core/throttle/throttle-store.ts'

import { anEvent, now, type Stores } from './records.ts'

const rule: ThrottleRule = {
  ...{ free: 2, firstWait: 10, longestWait: 35, lockedFrom: 7, forgottenAfter: 1000 },
}
const aCount = (changes: Partial<ThrottleCount> = {}): ThrottleCount => ({
  ...{ key: randomUUID(), now, rule },
  ...changes,
})
const counted: ThrottleOutcome = { kind: 'counted', locks: false }
const absent: ThrottleOutcome = { kind: 'absent' }
const waitUntil = (until: number): ThrottleOutcome => ({ kind: 'wait', until })

/**
 * @param stores The store, and another on the same database, as another process has it.
 */
export function throttleContract(stores: Stores): void {
  describe('counts of failed attempts', () => {
    const count = (changes: Partial<ThrottleCount> = {}): Promise<ThrottleOutcome> =>
      stores()[0].throttle.count(aCount(changes))

    /** Counts so many attempts, each when it may be counted. */
    async function countPatiently(times: number, changes: Partial<ThrottleCount>): Promise<void> {
      for (let each = 0; each < times; each++) {
        const outcome = await count({ ...changes, now: now + each * rule.longestWait })
        assert.deepEqual(outcome, { kind: 'counted', locks: each === rule.lockedFrom - 1 })
      }
    }

    /** Counts the attempts that need no wait. The next one gets the first wait. */
    async function countFromZero(key: string, at = now): Promise<void> {
      for (let times = 0; times <= rule.free; times++) {
        assert.deepEqual(await count({ key, now: at }), counted)
      }
      assert.deepEqual(await count({ key, now: at }), waitUntil(at + rule.firstWait))
    }

    test('are one step: of 50 attempts at once no more count than the rule lets (TH-07, better-auth 9993, better-auth 10000)', async () => {
      for (const isKnown of [false, true]) {
        const asked = aCount({ ifPresent: isKnown })
        const { key: knownKey } = asked
        const success = { account: randomUUID(), knownKey, now, ends: [] }
        if (isKnown) await stores()[0].throttle.succeed(success)
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            stores()[index % 2 ? 0 : 1].throttle.count(asked),
          ),
        )
        const byKind = Object.groupBy(outcomes, ({ kind }) => kind)
        assert.deepEqual(byKind.counted, Array(3).fill(counted))
        assert.deepEqual(byKind.wait, Array(47).fill(waitUntil(now + 10)))
      }
    })

    test('are counted, or wait for an instant that is to come, while others end them (TH-07)', async () => {
      const asked = aCount()
      const { key } = asked
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const { throttle } = stores()[index % 2 ? 0 : 1]
          if (index % 4 === 3) {
            await throttle.succeed({ account: key, knownKey: `${key} known`, now, ends: [key] })
          } else if (index % 4 === 2) await throttle.takeBack(key)
          return await throttle.count(asked)
        }),
      )
      for (const outcome of outcomes) {
        if (outcome.kind === 'wait') assert.ok(outcome.until > now)
        else assert.equal(outcome.kind, 'counted')
      }
    })

    test('bring waits that double, to the longest, and a lock at the end (TH-05)', async () => {
      const { key } = aCount()
      let time = now
      for (const [failures, wait] of [0, 0, 10, 20, 35, 35, null].entries()) {
        const locks = wait === null
        assert.deepEqual(await count({ key, now: time }), { kind: 'counted', locks }, `${failures}`)
        if (!wait) continue
        const outcome = await stores()[1].throttle.count(aCount({ key, now: time + wait - 1 }))
        assert.deepEqual(outcome, waitUntil(time + wait))
        time += wait
      }
      assert.deepEqual(await count({ key, now: now + 1e9 }), waitUntil(noEnd))
    })

    test('are forgotten after a while, and begin again', async () => {
      const { key } = aCount()
      for (let times = 0; times < 3; times++) await count({ key })
      assert.deepEqual(await count({ key }), waitUntil(now + 10))
      await countFromZero(key, now + 1001)
    })

    test('do not wait for longer than the longest wait when the clock was set back', async () => {
      const { key } = aCount()
      for (let times = 0; times < 3; times++) await count({ key, now: now + 1e6 })
      assert.deepEqual(await count({ key, now: now + 1e6 }), waitUntil(now + 1e6 + 10))
      assert.deepEqual(await count({ key }), counted)
    })

    test('are taken back, down to nothing', async () => {
      const { key } = aCount()
      for (let times = 0; times < 3; times++) await count({ key })
      await stores()[1].throttle.takeBack(key)
      assert.deepEqual(await count({ key }), counted, 'the wait went with it')
      assert.deepEqual(await count({ key }), waitUntil(now + 10), 'one was taken back, not all')
      for (let times = 0; times < 5; times++) await stores()[1].throttle.takeBack(key)
      assert.deepEqual(await count({ key, ifPresent: true }), absent)
    })

    test('of a known source are taken back, and it stays known', async () => {
      const [store, other] = stores()
      const knownKey = randomUUID()
      await store.throttle.succeed({ account: randomUUID(), knownKey, now, ends: [] })
      await count({ key: knownKey })
      for (let times = 0; times < 2; times++) await other.throttle.takeBack(knownKey)
      assert.deepEqual(await store.throttle.find([knownKey]), [{ key: knownKey, blockedUntil: 0 }])
      await countFromZero(knownKey)
    })

    test('that are to be present are not made', async () => {
      const asked = aCount({ ifPresent: true })
      for (let times = 0; times < 2; times++) {
        assert.deepEqual(await stores()[0].throttle.count(asked), absent)
      }
    })

    test('are found as they are, and no others', async () => {
      const [key, knownKey, other] = [randomUUID(), randomUUID(), randomUUID()]
      await countPatiently(7, { key })
      await stores()[0].throttle.succeed({ account: other, knownKey, now, ends: [] })
      await count({ key: other })
      const found = await stores()[1].throttle.find([key, knownKey, randomUUID()])
      const byKey = new Map(found.map((state) => [state.key, state]))
      assert.equal(found.length, 2)
      assert.deepEqual(byKey.get(key), { key, blockedUntil: noEnd })
      assert.deepEqual(byKey.get(knownKey), { key: knownKey, blockedUntil: 0 })
    })

    test('of a source that succeeds begin again, and of others end only if they are named (TH-10)', async () => {
      const [account, knownKey, named] = [randomUUID(), randomUUID(), randomUUID()]
      for (const key of [account, named]) await countPatiently(3, { key, account })
      await stores()[0].throttle.succeed({ account, knownKey, now, ends: [] })
      await countPatiently(3, { key: knownKey, ifPresent: true })
      await stores()[1].throttle.succeed({ account, knownKey, now, ends: [named] })
      assert.deepEqual(await count({ key: named, ifPresent: true }), absent)
      await countFromZero(knownKey)
      assert.equal((await count({ key: account, now: now + 71 })).kind, 'wait')
    })

    test('end with an unlock of their account, those of sources too, and no others (TH-04)', async () => {
      const { throttle } = stores()[1]
      const [account, knownKey, other] = [randomUUID(), randomUUID(), randomUUID()]
      await throttle.succeed({ account, knownKey, now, ends: [] })
      for (const key of [account, knownKey]) await countPatiently(7, { key, account })
      await countPatiently(7, { key: other, account: other })
      const event = anEvent({ type: 'authn_login_unlock' })
      await throttle.unlock(account, event)
      for (const key of [account, knownKey]) {
        assert.deepEqual(await throttle.find([key]), [{ key, blockedUntil: 0 }])
        await countFromZero(key)
      }
      assert.deepEqual(await count({ key: other }), waitUntil(noEnd))
      const stored = await stores()[0].events.list({ type: 'authn_login_unlock', limit: 1000 })
      assert.deepEqual(
        stored.filter(({ id }) => id === event.id),
        [event],
      )
    })

    test('are deleted when they are old, and the least important beyond a bound (TH-11, DR-01)', async () => {
      const [store, other] = stores()
      // Whatever other tests have left, but for locks.
      await store.throttle.prune(now + 1e10, now + 1e10, 0)
      const [old, locked, known, fresh] = [aCount(), aCount(), aCount(), aCount({ now: now + 9 })]
      await store.throttle.count(old)
      await countPatiently(7, { key: locked.key })
      const success = { account: randomUUID(), knownKey: known.key, now, ends: [] }
      await store.throttle.succeed(success)
      await store.throttle.count(fresh)
      const present = async (): Promise<string[]> => {
        const keys = [old, locked, known, fresh].map(({ key }) => key)
        const found = (await other.throttle.find(keys)).map(({ key }) => key)
        return keys.filter((key) => found.includes(key))
      }
      assert.equal(await store.throttle.prune(now + 1, now, 100), 1)
      assert.deepEqual(await present(), [locked.key, known.key, fresh.key])
      assert.equal(await store.throttle.prune(now, now, 1), 1, 'the one with the fewest failures')
      assert.deepEqual(await present(), [locked.key, known.key])
      assert.equal(await store.throttle.prune(now + 1e9, now + 1, 100), 1)
      assert.deepEqual(await present(), [locked.key], 'a lock is never old')
    })
  })
}
