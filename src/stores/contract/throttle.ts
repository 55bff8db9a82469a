import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, describe, test } from 'node:test'
import type { Store } from '../../core/store.ts'
import {
  countedAndLocked,
  type ThrottleCount,
  type ThrottleRule,
} from '../../core/throttle/throttle-store.ts'
import { now, type Stores } from './records.ts'

/** What a store counts of failed attempts. */
export function throttleContract(stores: Stores): void {
  describe('counts of failed attempts', () => {
    let store: Store
    let other: Store
    before(() => {
      ;[store, other] = stores()
    })

    const rule: ThrottleRule = {
      ...{ free: 2, firstWait: 10, longestWait: 35, lockedFrom: 7, forgottenAfter: 1000 },
    }
    const aCount = (changes: Partial<ThrottleCount> = {}): ThrottleCount => ({
      ...{ key: randomUUID(), now, rule },
      ...changes,
    })

    test('are one step: of 50 attempts at once no more count than the rule lets (TH-07, better-auth 9993, better-auth 10000)', async () => {
      const count = aCount()
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, index) => (index % 2 ? store : other).throttle.count(count)),
      )
      assert.equal(outcomes.filter((outcome) => outcome === 0).length, 3)
      assert.equal(outcomes.filter((outcome) => outcome === now + 10).length, 47)
    })

    test('bring waits that double, to the longest, and a lock at the end', async () => {
      const { key } = aCount()
      const waits: number[] = []
      let time = now
      for (let counted = 1; ; ) {
        const outcome = await store.throttle.count(aCount({ key, now: time }))
        assert.ok(outcome !== null)
        if (outcome <= 0) {
          assert.equal(outcome, counted === 7 ? countedAndLocked : 0, 'only the last one locks')
          if (counted++ === 7) break
        } else {
          waits.push(outcome - time)
          assert.equal(await other.throttle.count(aCount({ key, now: outcome - 1 })), outcome)
          time = outcome
        }
      }
      assert.deepEqual(waits, [10, 20, 35, 35])
      const locked = await store.throttle.count(aCount({ key, now: now + 1e9 }))
      assert.equal(locked, Number.MAX_SAFE_INTEGER)
    })

    test('are forgotten after a while, and begin anew', async () => {
      const { key } = aCount()
      for (let times = 0; times < 3; times++) await store.throttle.count(aCount({ key }))
      assert.equal(await store.throttle.count(aCount({ key })), now + 10)
      const later = now + 1001
      for (let times = 0; times < 3; times++) {
        assert.equal(await store.throttle.count(aCount({ key, now: later })), 0)
      }
      assert.equal(await store.throttle.count(aCount({ key, now: later })), later + 10)
    })

    test('are taken back, down to nothing', async () => {
      const count = aCount()
      for (let times = 0; times < 3; times++) await store.throttle.count(count)
      await other.throttle.takeBack(count.key)
      assert.equal(await store.throttle.count(count), 0, 'the wait went with it')
      for (let times = 0; times < 5; times++) await store.throttle.takeBack(count.key)
      assert.equal(await store.throttle.count({ ...count, ifPresent: true }), null)
    })

    test('that are to be present are not made', async () => {
      const count = aCount({ ifPresent: true })
      assert.equal(await store.throttle.count(count), null)
      assert.equal(await store.throttle.count(count), null)
    })

    test('end for the account with a success, and go on for the source that is known then', async () => {
      const [account, knownKey] = [randomUUID(), randomUUID()]
      for (let times = 0; times < 3; times++) {
        await store.throttle.count(aCount({ key: account, account }))
      }
      await other.throttle.succeed({ account, knownKey, now })
      assert.equal(await store.throttle.count(aCount({ key: account, ifPresent: true })), null)
      for (let times = 0; times < 3; times++) {
        assert.equal(await store.throttle.count(aCount({ key: knownKey, ifPresent: true })), 0)
      }
      assert.equal(await store.throttle.count(aCount({ key: knownKey })), now + 10)
      await store.throttle.count(aCount({ key: account, account }))
      await other.throttle.unlock(account)
      assert.equal(await store.throttle.count(aCount({ key: knownKey })), 0)
    })

    test('are deleted when they are old, and the least important beyond a bound (TH-11, DR-01)', async () => {
      // Whatever other tests have left.
      await store.throttle.prune(now + 1e10, now + 1e10, 0)
      const [old, locked, known, fresh] = [aCount(), aCount(), aCount(), aCount({ now: now + 9 })]
      await store.throttle.count(old)
      for (let time = now, outcome: number | null = 0; outcome !== countedAndLocked; time += 35) {
        outcome = await store.throttle.count({ ...locked, now: time })
      }
      await store.throttle.succeed({ account: randomUUID(), knownKey: known.key, now })
      await store.throttle.count(fresh)
      const present = async (): Promise<string[]> => {
        const found: string[] = []
        for (const count of [old, locked, known, fresh]) {
          const asked = { ...count, now: now + 10, ifPresent: true }
          if ((await other.throttle.count(asked)) !== null) found.push(count.key)
        }
        return found
      }
      assert.equal(await store.throttle.prune(now + 1, now, 100), 1)
      assert.deepEqual(await present(), [locked.key, known.key, fresh.key])
      assert.equal(await store.throttle.prune(now, now, 1), 1, 'the one with the fewest failures')
      assert.deepEqual(await present(), [locked.key, known.key])
      assert.equal(await store.throttle.prune(now + 11, now + 1, 100), 1)
      assert.deepEqual(await present(), [locked.key])
    })
  })
}
