import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { guarded } from '../../../src/fastify/guarded.ts'
import { secured } from '../../../src/fastify/secured.ts'
import type { GuardedRequest } from '../../../src/http/bearer.ts'
import { all, optional, refine } from '../../../src/http/guards/combinators.ts'
import { type Guard, guard, isGuard } from '../../../src/http/guards/guard.ts'
import { Forbidden } from '../../../src/http/refusal.ts'

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

  test('waits for whatever can be awaited, and rejects as that does (BR-06)', async () => {
    const refusal = new Forbidden()
    // What can be awaited, and is no Promise: of a driver, or of another realm.
    const lazily = <T>(promise: Promise<T>) =>
      // biome-ignore lint/suspicious/noThenProperty: that is what it is for.
      ({ then: promise.then.bind(promise) }) as Promise<T>
    const refusing = guard(() => lazily(Promise.reject(refusal)))
    const passing = guard(() => lazily(Promise.resolve(1)))
    for (const each of [
      refusing,
      refine(refusing, () => 1),
      all({ refusing }),
      optional(refusing),
    ]) {
      await assert.rejects(each(request()), (error) => error === refusal)
    }
    assert.equal(await refine(passing, (value) => value + 1)(request()), 2)
    assert.equal(await refine(passing, () => lazily(Promise.resolve(3)))(request()), 3)
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

test('what is no guard is found when it is built in, not when a request comes', () => {
  const mistake = (() => 1) as unknown as Guard<number>
  for (const build of [
    () => refine(mistake, () => 1),
    () => all({ mistake }),
    () => optional(mistake),
    () => secured(mistake, () => ''),
    () => guarded(mistake, () => {}),
  ]) {
    assert.throws(build, { name: 'TypeError', message: /A guard is needed here/ })
  }
})
