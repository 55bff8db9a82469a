import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTurns } from '../../../src/core/passwords/breach-lookup.ts'

test('a job runs after the one before, even if that failed, and not after its own abort', async () => {
  const inTurn = createTurns()
  const log: string[] = []
  const ending = new AbortController()
  const job = (name: string) => async (): Promise<void> => {
    log.push(`${name} begins`)
    await Promise.resolve()
    log.push(`${name} ends`)
    if (name === 'a') throw new Error(name)
  }
  const signal = new AbortController().signal
  const jobs = [inTurn(job('a'), signal), inTurn(job('b'), ending.signal), inTurn(job('c'), signal)]
  ending.abort()
  const outcomes = await Promise.allSettled(jobs)
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(log, ['a begins', 'a ends', 'c begins', 'c ends'])
})
