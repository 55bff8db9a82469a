import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { GuardedRequest } from '../../../src/http/bearer.ts'
import { all, optional, refine } from '../../../src/http/guards/combinators.ts'
import { combine } from '../../../src/http/guards/documentation.ts'
import { guard, isGuard } from '../../../src/http/guards/guard.ts'
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

describe('a guard', () => {
  test('resolves to what its function returns, at once or later', async () => {
    assert.equal(await guard(() => 1)(request()), 1)
    assert.equal(await guard(async () => 2)(request()), 2)
  })

  test('is given the request itself', async () => {
    const asked = request({ host: 'api.test' })
    assert.equal(await guard((given) => given)(asked), asked)
  })

  test('runs once per request, however often it is called', async () => {
    const { guard, runs } = counted('value')
    const first = request()
    await guard(first)
    await guard(first)
    assert.equal(runs(), 1)
    await guard(request())
    assert.equal(runs(), 2)
  })

  test('runs once for parallel calls, and all get one value', async () => {
    const { guard, runs } = counted({})
    const asked = request()
    const values = await Promise.all([guard(asked), guard(asked), guard(asked)])
    assert.equal(runs(), 1)
    assert.equal(new Set(values).size, 1)
  })

  test('runs again for another request with the same headers', async () => {
    const { guard, runs } = counted('value')
    const { headers } = request({ authorization: 'Bearer a' })
    await guard({ headers })
    await guard({ headers })
    assert.equal(runs(), 2)
  })

  test('refuses a request once for all: a refusal is not asked for again', async () => {
    let runs = 0
    const refusing = guard(() => {
      runs++
      throw new Forbidden()
    })
    const asked = request()
    await assert.rejects(refusing(asked), Forbidden)
    await assert.rejects(refusing(asked), Forbidden)
    assert.equal(runs, 1)
  })

  test('rejects when its function throws synchronously', async () => {
    const refusal = new Forbidden()
    const refusing = guard(() => {
      throw refusal
    })
    const promise = refusing(request())
    assert.ok(promise instanceof Promise)
    await assert.rejects(promise, (error) => error === refusal)
  })

  test('documents nothing unless told', () => {
    assert.deepEqual(guard(() => 1).documentation, {
      scopes: [],
      conditions: [],
      authenticates: false,
      optional: false,
    })
  })

  test('documents what it is told, as it was then', () => {
    const scopes = ['a']
    const { documentation } = guard(() => 1, { scopes, conditions: ['c'], optional: true })
    scopes.push('b')
    assert.deepEqual(documentation, {
      scopes: ['a'],
      conditions: ['c'],
      authenticates: false,
      optional: true,
    })
    assert.throws(() => Reflect.apply(Array.prototype.push, documentation.scopes, ['b']), TypeError)
    assert.equal(Reflect.set(documentation, 'optional', false), false)
  })
})

describe('isGuard', () => {
  test('knows what guard, refine, all and optional made', () => {
    const made = guard(() => 1)
    for (const each of [made, refine(made, () => 2), all({ made }), optional(made)]) {
      assert.equal(isGuard(each), true)
    }
  })

  test('cannot be talked into taking anything else for a guard', () => {
    const made = guard(() => 1)
    const { documentation } = made
    const lookalikes: readonly unknown[] = [
      Object.assign(async () => 1, { documentation }),
      Object.setPrototypeOf(async () => 1, made),
      Object.create(made),
      new Proxy(made, {}),
      made.bind(null),
      { documentation },
      () => 1,
      'guard',
      null,
      undefined,
    ]
    for (const lookalike of lookalikes) assert.equal(isGuard(lookalike), false)
  })
})

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
