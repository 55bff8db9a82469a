import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { GuardedRequest } from '../../../src/http/bearer.ts'
import { all, optional, refine } from '../../../src/http/guards/combinators.ts'
import { combine } from '../../../src/http/guards/documentation.ts'
import { guard } from '../../../src/http/guards/guard.ts'
import { BearerError, Forbidden } from '../../../src/http/refusal.ts'

const request = (headers: Record<string, string> = {}): GuardedRequest => ({ headers })

/** A guard that passes, and how often it ran. */
function counted<T>(value: T) {
  let runs = 0
  const counting = guard(async () => {
    runs++
    return value
  })
  return { guard: counting, runs: () => runs }
}

describe('refine', () => {
  test('takes the value of the other guard further, and sees the request', async () => {
    const asked = request()
    const refined = refine(
      guard(() => 20),
      (value, given) => ({ value: value + 1, given }),
    )
    assert.deepEqual(await refined(asked), { value: 21, given: asked })
  })

  test('does not run when the other guard refuses', async () => {
    let runs = 0
    const refused = refine(
      guard(() => {
        throw new BearerError()
      }),
      () => ++runs,
    )
    await assert.rejects(refused(request()), BearerError)
    assert.equal(runs, 0)
  })

  test('lets guards share one run of what they have in common', async () => {
    const user = counted('alice')
    const left = refine(user.guard, (name) => `${name} left`)
    const right = refine(user.guard, (name) => `${name} right`)
    const asked = request()
    const values = await Promise.all([left(asked), right(asked), user.guard(asked)])
    assert.deepEqual(values, ['alice left', 'alice right', 'alice'])
    assert.equal(user.runs(), 1)
  })

  test('rejects when its own function throws synchronously', async () => {
    const refused = refine(
      guard(() => 1),
      () => {
        throw new Forbidden('No')
      },
    )
    await assert.rejects(refused(request()), { message: 'No' })
  })

  test('documents both, each thing once, the other guard first', () => {
    const parent = guard(() => 1, { scopes: ['b', 'a'], conditions: ['x'] })
    const refined = refine(parent, () => 2, { scopes: ['a', 'c'], conditions: ['y', 'x'] })
    assert.deepEqual(refined.documentation, {
      scopes: ['b', 'a', 'c'],
      conditions: ['x', 'y'],
      authenticates: false,
      optional: false,
    })
  })

  test('is as optional as the other guard, whatever it says itself', () => {
    const open = guard(() => 1, { authenticates: true, optional: true })
    const closed = guard(() => 1, { authenticates: true })
    assert.equal(refine(open, () => 2).documentation.optional, true)
    assert.equal(refine(closed, () => 2, { optional: true }).documentation.optional, false)
  })
})

describe('all', () => {
  test('resolves to the values by name', async () => {
    const both = all({ user: guard(() => 'alice'), tenant: guard(async () => 7) })
    assert.deepEqual(await both(request()), { user: 'alice', tenant: 7 })
  })

  test('runs one after the other, and answers with the first refusal', async () => {
    const ran: string[] = []
    const step = (name: string, refusal?: Error) =>
      guard(async () => {
        ran.push(`${name} starts`)
        await Promise.resolve()
        ran.push(`${name} ends`)
        if (refusal) throw refusal
      })
    const first = new Forbidden('first')
    const several = all({
      a: step('a'),
      b: step('b', first),
      c: step('c', new Forbidden('second')),
    })
    await assert.rejects(several(request()), (error) => error === first)
    assert.deepEqual(ran, ['a starts', 'a ends', 'b starts', 'b ends'])
  })

  test('runs what its guards have in common once', async () => {
    const user = counted('alice')
    const both = all({ user: user.guard, length: refine(user.guard, (name) => name.length) })
    assert.deepEqual(await both(request()), { user: 'alice', length: 5 })
    assert.equal(user.runs(), 1)
  })

  test('is none of no guards: everybody would pass (BR-06)', () => {
    assert.throws(() => all({}), {
      name: 'TypeError',
      message: /such as all\(\{ user: activeUser \}\)/,
    })
  })

  test('documents all of them, in order', () => {
    const a = guard(() => 1, { scopes: ['b'], conditions: ['x'] })
    const b = guard(() => 2, { scopes: ['a', 'b'], conditions: ['y'] })
    assert.deepEqual(all({ a, b }).documentation, {
      scopes: ['b', 'a'],
      conditions: ['x', 'y'],
      authenticates: false,
      optional: false,
    })
  })

  test('is optional only if all of them are', () => {
    const open = optional(guard(() => 1, { authenticates: true }))
    const closed = guard(() => 1, { authenticates: true })
    const neutral = guard(() => 1)
    assert.equal(all({ open, neutral }).documentation.optional, true)
    assert.equal(all({ closed, neutral }).documentation.optional, false)
    assert.equal(all({ neutral }).documentation.authenticates, false)
    assert.equal(all({ open, other: open }).documentation.optional, true)
    assert.equal(all({ open, closed }).documentation.optional, false)
  })
})

describe('optional', () => {
  const refusing = (error: Error) =>
    guard(() => {
      throw error
    })

  test('resolves to the value of the other guard', async () => {
    assert.equal(await optional(guard(() => 'alice'))(request()), 'alice')
  })

  test('resolves to null when there are no credentials', async () => {
    assert.equal(await optional(refusing(new BearerError()))(request()), null)
  })

  for (const error of [
    new BearerError('invalid_request'),
    new BearerError('invalid_token'),
    new BearerError('insufficient_scope'),
    new Forbidden(),
    new Error('The store is gone'),
  ]) {
    test(`passes on a refusal for another reason: ${error.message}`, async () => {
      await assert.rejects(optional(refusing(error))(request()), (thrown) => thrown === error)
    })
  }

  test('documents the other guard, as optional', () => {
    const parent = guard(() => 1, { scopes: ['a'], conditions: ['x'] })
    assert.deepEqual(optional(parent).documentation, {
      scopes: ['a'],
      conditions: ['x'],
      authenticates: false,
      optional: true,
    })
    assert.equal(parent.documentation.optional, false)
  })
})

test('several documentations on one route say each thing once, outermost first', () => {
  const combined = combine([
    { scopes: ['b', 'a'], authenticates: true, optional: true },
    { scopes: ['a', 'c'], conditions: ['x'] },
  ])
  assert.deepEqual(combined, {
    scopes: ['b', 'a', 'c'],
    conditions: ['x'],
    authenticates: true,
    optional: true,
  })
})
