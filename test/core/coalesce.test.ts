import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coalesce } from '../../src/core/coalesce.ts'

/** A run that ends when it is told to, and counts. */
function createRun() {
  const runs: { end: () => void; fail: (reason: Error) => void }[] = []
  const call = coalesce(
    () =>
      new Promise<void>((resolve, reject) => {
        runs.push({ end: resolve, fail: reject })
      }),
  )
  return { runs, call }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

test('a call that comes during a run is answered by the next one, with all that came meanwhile', async () => {
  const { runs, call } = createRun()
  const first = call()
  const later = [call(), call(), call()]
  assert.equal(runs.length, 1)
  runs[0]?.end()
  await first
  await until(() => runs.length === 2)
  const last = call()
  runs[1]?.end()
  await Promise.all(later)
  await until(() => runs.length === 3)
  runs[2]?.end()
  await last
  assert.equal(runs.length, 3)
})

test('a run that fails fails for those that it was for, and no others', async () => {
  const { runs, call } = createRun()
  const first = assert.rejects(call(), /first/)
  const second = call()
  runs[0]?.fail(new Error('first'))
  await first
  await until(() => runs.length === 2)
  runs[1]?.end()
  await second
  const third = assert.rejects(call(), /third/)
  runs[2]?.fail(new Error('third'))
  await third
})
