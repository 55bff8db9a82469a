import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventRetention } from '../../src/core/events/events.ts'
import { createTestAuth, createTestClock } from '../fixtures.ts'

test('events are kept for their time, to the second, and no longer', async () => {
  const week = 7 * 86_400
  for (const [retention, options] of [
    [eventRetention, {}],
    [week, { eventRetention: week }],
  ] as const) {
    const clock = createTestClock()
    const auth = await createTestAuth({ clock, ...options })
    await auth.users.create({ username: 'alice', password: null })
    clock.advance(retention)
    assert.equal(await auth.events.prune(), 0)
    assert.equal((await auth.events.list({ limit: 10 })).length, 1)
    clock.advance(1)
    await auth.users.create({ username: 'bob', password: null })
    assert.equal(await auth.events.prune(), 1)
    const [kept, ...others] = await auth.events.list({ limit: 10 })
    assert.deepEqual([kept?.at, others], [clock(), []])
  }
})

test('a listener that throws is warned of, and keeps nobody from hearing, nor what happened', async (t) => {
  const auth = await createTestAuth({})
  const heard: string[] = []
  const warned: unknown[] = []
  t.mock.method(process, 'emitWarning', (warning: unknown) => void warned.push(warning))
  const mistake = new Error('a mistake')
  auth.events.subscribe(() => {
    throw mistake
  })
  auth.events.subscribe(() => {
    throw 'a text'
  })
  const stop = auth.events.subscribe(({ type }) => heard.push(type))
  await auth.users.create({ username: 'alice', password: null })
  assert.deepEqual(heard, ['user_created'])
  assert.deepEqual(warned, [mistake, new Error('a text')])
  stop()
  await auth.users.create({ username: 'bob', password: null })
  assert.deepEqual(heard, ['user_created'])
})
