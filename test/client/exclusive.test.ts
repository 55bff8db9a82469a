import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AuthClientError } from '../../src/client/client-error.ts'
import { exclusively } from '../../src/client/exclusive.ts'

/** Work that ends when it is told to. */
function createWork(answer: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let begun = false
  return {
    begun: () => begun,
    end: () => resolve(answer),
    fail: reject,
    run: () => {
      begun = true
      return promise
    },
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('work under one name is done one after the other, under another at the same time', async () => {
  const [first, second, other] = [createWork('first'), createWork('second'), createWork('other')]
  const answers = [
    exclusively('one', first.run),
    exclusively('one', second.run),
    exclusively('two', other.run),
  ]
  while (!other.begun()) await turn()
  assert.deepEqual([first.begun(), second.begun()], [true, false])
  other.end()
  second.end()
  first.end()
  assert.deepEqual(await Promise.all(answers), ['first', 'second', 'other'])
})

test('without a name, or where there are no locks, nobody waits', async (t) => {
  const platform = Object.getOwnPropertyDescriptor(globalThis, 'navigator') ?? {}
  t.after(() => Object.defineProperty(globalThis, 'navigator', platform))
  const [held, ...work] = [1, 2, 3, 4].map((number) => createWork(String(number)))
  assert.ok(held)
  const answers = [exclusively('one', held.run)]
  while (!held.begun()) await turn()
  for (const [index, each] of work.entries()) {
    if (index > 0) {
      const value = [{}, undefined][index - 1]
      Object.defineProperty(globalThis, 'navigator', { ...platform, get: () => value })
    }
    answers.push(exclusively(index === 0 ? undefined : 'one', each.run))
    assert.ok(each.begun())
  }
  for (const { end } of [held, ...work]) end()
  assert.deepEqual(await Promise.all(answers), ['1', '2', '3', '4'])
})

test('who waits for another tab longer than its work can take is told, and work that has begun is not cut short', async (t) => {
  const limits: number[] = []
  const late = new AbortController()
  t.mock.method(AbortSignal, 'timeout', (milliseconds: number) => {
    limits.push(milliseconds)
    return late.signal
  })
  const work = createWork('done')
  const under = exclusively('one', work.run)
  while (!work.begun()) await turn()
  const waiting = exclusively('one', () => assert.fail('it was not its turn'))
  const reason = new DOMException('It took too long', 'TimeoutError')
  const refusal = assert.rejects(waiting, (error) => {
    assert.ok(error instanceof AuthClientError)
    assert.deepEqual([error.code, error.cause], ['unavailable', reason])
    return true
  })
  await turn()
  late.abort(reason)
  await refusal
  work.end()
  assert.equal(await under, 'done')
  // The 35 seconds of an exchange, and some.
  assert.deepEqual(limits, [40_000, 40_000])
})

test('work that fails under the lock says why, and does not blame another tab', async () => {
  const mistake = new Error('a mistake')
  await assert.rejects(
    exclusively('one', () => Promise.reject(mistake)),
    (error) => error === mistake,
  )
})
