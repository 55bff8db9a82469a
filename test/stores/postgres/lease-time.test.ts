import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inRequest } from '../../../src/core/database-time.ts'
import { UnavailableError } from '../../../src/core/errors.ts'
import { limitOfRequest } from '../../../src/stores/postgres/lease-time.ts'
import { TimeLimitError } from '../../../src/stores/time-limit.ts'

const never = (): Promise<never> => new Promise(() => {})

test('a request whose limit ran out has nothing left, although timers leave out what is no whole millisecond', async () => {
  // Not each timer is early by the clock, but hardly any two dozen of them are not.
  for (let requests = 0; requests < 24; requests++) {
    await inRequest({}, async () => {
      const time = limitOfRequest(2.9)
      await assert.rejects(time.race(never), TimeLimitError)
      time.end()
      assert.throws(() => limitOfRequest(2.9), UnavailableError)
    })
  }
})

test('a request that had its answers in time has the rest for the next', async () => {
  await inRequest({}, async () => {
    for (const isWhole of [true, false]) {
      const time = limitOfRequest(60_000)
      assert.equal(time.isWhole, isWhole)
      assert.equal(await time.race(async () => 1), 1)
      time.end()
    }
  })
})
