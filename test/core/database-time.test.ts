import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDatabaseTime, inRequest, timeOfRequest } from '../../src/core/database-time.ts'

function start() {
  const clock = { at: 100 }
  const time = createDatabaseTime(() => clock.at)
  return { time, advance: (milliseconds: number) => (clock.at += milliseconds) }
}

test('what a request waits is added up, and what is between its waits is not', () => {
  const { time, advance } = start()
  assert.equal(time.spent, 0)
  const stop = time.begin()
  advance(5)
  assert.equal(time.spent, 5)
  stop()
  advance(1000)
  const again = time.begin()
  advance(7)
  again()
  assert.equal(time.spent, 12)
})

test('waits at the same time count once, until the last of them ends', () => {
  const { time, advance } = start()
  const [one, other] = [time.begin(), time.begin()]
  advance(5)
  one()
  // Of a lease that is given back twice.
  one()
  advance(5)
  assert.equal(time.spent, 10)
  other()
  advance(5)
  assert.equal(time.spent, 10)
})

test('what is exhausted has no time left, also after other waits have ended', () => {
  const { time, advance } = start()
  const [one, other] = [time.begin(), time.begin()]
  advance(5)
  one()
  time.exhaust()
  assert.equal(time.spent, Number.POSITIVE_INFINITY)
  other()
  assert.equal(time.spent, Number.POSITIVE_INFINITY)
})

test('all parts of a request have one time, two requests have two, and outside there is none', async () => {
  const [one, other] = [{}, {}]
  const read = async () => {
    await null
    return timeOfRequest()
  }
  const [first, second, third] = [
    await inRequest(one, read),
    await inRequest(one, read),
    await inRequest(other, read),
  ]
  assert.ok(first)
  assert.equal(second, first)
  assert.ok(third)
  assert.notEqual(third, first)
  assert.equal(timeOfRequest(), undefined)
})
