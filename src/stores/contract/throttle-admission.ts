// What a store keeps that counts an attempt by several keys at once.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, type TestContext, test } from 'node:test'
import {
  noEnd,
  type ThrottleAdmitted,
  type ThrottleRule,
} from '../../core/throttle/throttle-store.ts'
import { now, type Stores } from './records.ts'

const rule: ThrottleRule = {
  ...{ free: 2, firstWait: 10, longestWait: 35, lockedFrom: 7, forgottenAfter: 1000 },
}
const byBoth: ThrottleAdmitted = { isKnown: false, locks: false }
const byKnown: ThrottleAdmitted = { isKnown: true, locks: false }

/**
 * @param stores The store, and another on the same database, as another process has it.
 */
export function throttleAdmissionContract(stores: Stores): void {
  describe('attempts that are counted at once', () => {
    /** An attempt that the store counts at once. */
    function anAdmission(t: TestContext) {
      const [{ throttle }, { throttle: other }] = stores()
      if (throttle.admit === undefined || other.admit === undefined) {
        t.skip('the store counts by one key after another')
        return null
      }
      const [accountKey, sourceKey, knownKey] = [randomUUID(), randomUUID(), randomUUID()]
      const sourceRule = { ...rule, free: 4 }
      const admission = { accountKey, sourceKey, knownKey, now, rule, sourceRule }
      const makeKnown = () => throttle.succeed({ account: accountKey, knownKey, now, ends: [] })
      return { throttle, admission, makeKnown, admits: [throttle.admit, other.admit] as const }
    }
    test('are by the source and the account, as far as both let (TH-07)', async (t) => {
      const at = anAdmission(t)
      if (at === null) return
      const { admission, admits, throttle } = at
      const { accountKey, sourceKey, knownKey } = admission
      for (const admit of [...admits, admits[0]]) assert.deepEqual(await admit(admission), byBoth)
      assert.equal(await admits[0](admission), null, 'the account waits')
      const states = await throttle.find([accountKey, sourceKey, knownKey])
      assert.deepEqual(
        states.toSorted((a, b) => a.blockedUntil - b.blockedUntil),
        [
          { key: sourceKey, blockedUntil: 0 },
          { key: accountKey, blockedUntil: now + rule.firstWait },
        ],
      )
      // The refusal has not counted: two more are free of a wait of the source.
      const elsewhere = { ...admission, accountKey: randomUUID() }
      for (const admit of admits) assert.deepEqual(await admit(elsewhere), byBoth)
      const another = { ...admission, accountKey: randomUUID() }
      assert.equal(await admits[0](another), null, 'the source waits')
      assert.deepEqual(await throttle.find([another.accountKey]), [])
    })

    test('are by a known source alone, until that or the source waits (TH-10)', async (t) => {
      const at = anAdmission(t)
      if (at === null) return
      const { admission, admits, makeKnown, throttle } = at
      const { accountKey, sourceKey } = admission
      await makeKnown()
      for (const admit of [...admits, admits[0]]) assert.deepEqual(await admit(admission), byKnown)
      assert.equal(await admits[0](admission), null, 'the known source waits')
      assert.deepEqual(await throttle.find([accountKey, sourceKey]), [])
      await makeKnown()
      const source = { key: sourceKey, rule: { ...rule, free: 1 } }
      for (let times = 0; times < 2; times++)
        assert.equal((await throttle.count({ ...source, now })).kind, 'counted')
      assert.equal(await admits[0](admission), null, 'the source waits')
      const later = { ...admission, now: now + rule.firstWait }
      assert.deepEqual(await admits[0](later), byKnown)
    })

    test('lock the account with the last one (TH-05)', async (t) => {
      const at = anAdmission(t)
      if (at === null) return
      const { admission, admits, throttle } = at
      const sourceRule = { ...rule, free: 100, lockedFrom: noEnd }
      for (let each = 0; each < rule.lockedFrom; each++) {
        const later = { ...admission, sourceRule, now: now + each * rule.longestWait }
        const locks = each === rule.lockedFrom - 1
        assert.deepEqual(await admits[0](later), { isKnown: false, locks })
      }
      const [state] = await throttle.find([admission.accountKey])
      assert.equal(state?.blockedUntil, noEnd)
      await throttle.unlock(admission.accountKey)
      assert.deepEqual(await admits[0]({ ...admission, sourceRule }), byBoth)
    })

    test('are 50 at the same time, and count no more than the rules let (TH-07)', async (t) => {
      for (const isKnown of [false, true]) {
        const at = anAdmission(t)
        if (at === null) return
        const { admission, admits, makeKnown, throttle } = at
        if (isKnown) await makeKnown()
        const outcomes = await Promise.all(
          Array.from({ length: 50 }, (_, index) => (admits[index % 2] ?? admits[0])(admission)),
        )
        const admitted = outcomes.filter((each) => each !== null)
        assert.equal(admitted.length, rule.free + 1)
        for (const each of admitted) assert.deepEqual(each, isKnown ? byKnown : byBoth)
        // What was refused for the account is not counted at the source.
        const [source] = await throttle.find([admission.sourceKey])
        if (!isKnown) assert.equal(source?.blockedUntil, 0)
      }
    })
  })
}
