import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { createFailurePace, type FailurePace } from '../../../src/core/passwords/failure-pace.ts'

let waits: number[]
let pace: FailurePace

beforeEach(() => {
  waits = []
  pace = createFailurePace(async (milliseconds) => waits.push(milliseconds))
})

test('nobody waits while one kind of work is known', async () => {
  await pace.settle(10)
  for (const duration of [8, 12, 9]) {
    await pace.settle(duration)
    pace.learn('argon2id', duration)
  }
  assert.deepEqual(waits, [])
})

test('every failure ends when the slowest kind would have, and a little later (TH-01)', async () => {
  for (const duration of [10, 12]) pace.learn('argon2id', duration)
  for (const duration of [240, 250, 245]) pace.learn('bcrypt', duration)
  for (const duration of [12, 240, 250]) await pace.settle(duration)
  assert.deepEqual(waits, [288, 60, 50])
  // A failure that has taken longer does not wait.
  await pace.settle(301)
  assert.equal(waits.length, 3)
})

test('a kind that is quicker than the hashes of today makes these wait for no other (TH-01)', async () => {
  pace.learn('argon2id', 10)
  pace.learn('bcrypt', 1)
  await pace.settle(1)
  await pace.settle(10)
  assert.deepEqual(waits, [11, 2])
})

test('it goes by the durations of late, and by no more of them than it says', async () => {
  pace.learn('bcrypt', 1000)
  for (let verified = 0; verified < 32; verified++) pace.learn('bcrypt', 100)
  pace.learn('argon2id', 10)
  await pace.settle(0)
  assert.deepEqual(waits, [120])
})

test('nobody waits for longer than 3 seconds, whatever was measured', async () => {
  pace.learn('argon2id', 10)
  pace.learn('bcrypt', 60_000)
  await pace.settle(0)
  assert.deepEqual(waits, [3000])
})

test('work that is stored no more is waited for no more', async () => {
  pace.learn('argon2id', 10)
  pace.learn('bcrypt', 250)
  pace.retain((work) => work !== 'bcrypt')
  assert.equal(pace.knows('bcrypt'), false)
  await pace.settle(10)
  assert.deepEqual(waits, [])
})

test('a few kinds are remembered, however many there are (DR-01)', () => {
  for (let cost = 0; cost < 1000; cost++) pace.learn(`pbkdf2 ${cost}`, 1)
  const known = Array.from({ length: 1000 }, (_, cost) => pace.knows(`pbkdf2 ${cost}`))
  assert.equal(known.filter(Boolean).length, 64)
  assert.equal(known[999], true)
})

test('a refusal is answered later than any failure, also while one kind is known (TH-01)', async () => {
  await pace.settleRefusal(0)
  assert.deepEqual(waits, [])
  pace.learn('argon2id', 100)
  await pace.settleRefusal(50)
  await pace.settleRefusal(180)
  assert.deepEqual(waits.map(Math.round), [130])
  pace.learn('bcrypt', 60_000)
  await pace.settleRefusal(0)
  assert.equal(waits.at(-1), 4500)
})
