import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnavailableError } from '../../../src/core/errors.ts'
import { createTimelines, parseTimeline } from '../../../src/stores/postgres/timelines.ts'

test('the highest timeline that was seen wins, and never goes back', () => {
  const timelines = createTimelines()
  assert.equal(timelines.highest, 0)
  const first = timelines.admit(9)
  assert.equal(timelines.admit(9), first)
  const second = timelines.admit(10)
  assert.deepEqual([first.aborted, second.aborted], [true, false])
  assert.ok(first.reason instanceof UnavailableError)
  assert.throws(() => timelines.admit(9), {
    name: 'ReadOnlyServerError',
    message: /^is an older primary: on timeline 9, and 10 was seen .*restart/,
  })
  assert.equal(timelines.highest, 10)
})

test('a timeline is read as PostgreSQL writes it in the names of its files; a standby tells none', () => {
  assert.deepEqual(['00000009', '0000000A', null, undefined].map(parseTimeline), [9, 10, 0, 0])
})
