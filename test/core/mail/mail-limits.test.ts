// How many mails somebody who is not known can cause.

import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { createMailLimits, type MailLimits } from '../../../src/core/mail/mail-limits.ts'
import { createTestClock, type TestClock } from '../../fixtures.ts'
import { startEngines, storeOf } from './engines.ts'
import { address, secret } from './mail-room.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

const range = (length: number): readonly number[] => Array.from({ length }, (_, each) => each)

/** Does the work for all, 50 at once: a pool of connections lets no more wait for long. */
async function someAtOnce<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const answers: R[] = []
  for (let from = 0; from < items.length; from += 50) {
    answers.push(...(await Promise.all(items.slice(from, from + 50).map(work))))
  }
  return answers
}

for (const { name, skip, create } of await startEngines()) {
  describe(`limits of mails on ${name}`, { skip }, () => {
    /** Those of two processes. */
    async function open(
      t: TestContext,
    ): Promise<{ readonly all: readonly [MailLimits, MailLimits]; readonly clock: TestClock }> {
      const store = storeOf(name, await create())
      await store.open()
      t.after(() => store.close())
      const clock = createTestClock()
      const make = (): MailLimits => createMailLimits(store.throttle, secret, clock)
      return { all: [make(), make()], clock }
    }

    test('an address gets 3 mails at once, then one a minute, growing to one an hour, and 10 a day (AC-46)', async (t) => {
      const { all, clock } = await open(t)
      const start = clock()
      const minutes: number[] = []
      for (let second = 0; second < day; second += minute) {
        clock.advance(start + second - clock())
        // Other sources and other processes do not help.
        for (let each = 0; each < 4; each++) {
          const from = `198.51.${Math.floor(second / minute / 10) % 250}.${each + 1}`
          if (await all[each % 2 === 0 ? 0 : 1].mayCause(address, from))
            minutes.push(second / minute)
          else break
        }
      }
      assert.deepEqual(minutes, [0, 0, 0, 1, 3, 7, 15, 31, 63, 123])
    })

    test('of 1000 requests at once from 100 sources 3 cause a mail (AC-46)', async (t) => {
      const { all } = await open(t)
      const answers = await someAtOnce(range(1000), (each) =>
        all[each % 2 === 0 ? 0 : 1].mayCause(address, `198.51.100.${each % 100}`),
      )
      assert.equal(answers.filter(Boolean).length, 3)
    })

    test('a request that comes too early does not use up the ten of the day', async (t) => {
      const { all, clock } = await open(t)
      for (let each = 0; each < 50; each++) await all[0].mayCause(address, `198.51.100.${each}`)
      const later: boolean[] = []
      for (let each = 0; each < 8; each++) {
        clock.advance(hour)
        later.push(await all[0].mayReach(address))
      }
      assert.deepEqual(later, [true, true, true, true, true, true, true, false])
    })

    test('a source causes 10 mails an hour, whoever they are to, an IPv6 network being one (AC-47)', async (t) => {
      const { all, clock } = await open(t)
      async function causes(from: (each: number) => string): Promise<number> {
        let caused = 0
        for (let each = 0; each < 20; each++) {
          if (await all[0].mayCause(`user${each}-${clock()}@example.com`, from(each))) caused++
        }
        return caused
      }
      assert.equal(await causes(() => '192.0.2.1'), 10)
      assert.equal(await causes((each) => `2001:db8::${each + 1}`), 10)
      clock.advance(hour + 1)
      assert.equal(await causes(() => '192.0.2.1'), 10)
    })

    test('a flood over 10 000 addresses and sources causes 1000 mails, then 10 a second (AC-47)', async (t) => {
      const { all, clock } = await open(t)
      const [limits] = all
      let asked = 0
      async function flood(times: number): Promise<number> {
        const answers = await someAtOnce(range(times), () => {
          const each = asked++
          return limits.mayCause(`user${each}@example.com`, `10.0.${each >> 8}.${each & 255}`)
        })
        return answers.filter(Boolean).length
      }
      assert.equal(await flood(10_000), 1000)
      clock.advance(3)
      assert.equal(await flood(100), 30)
      clock.advance(-1000)
      assert.equal(await flood(10), 0)
    })

    test('a source that has had its mails takes none away from others (AC-47)', async (t) => {
      const { all } = await open(t)
      const [limits] = all
      await someAtOnce(range(1010), (each) =>
        limits.mayCause(`user${each}@example.com`, '192.0.2.1'),
      )
      assert.equal(await limits.mayCause(address, '198.51.100.1'), true)
    })

    test('an address that was found out later counts as one that was typed', async (t) => {
      const { all } = await open(t)
      const answers = [
        await all[0].mayCause(address, undefined),
        await all[1].mayReach(address),
        await all[0].mayCause(address, undefined),
        await all[1].mayReach(address),
      ]
      assert.deepEqual(answers, [true, true, true, false])
    })
  })
}
