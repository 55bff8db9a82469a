// Hundreds of logins of one account, on real databases: each has an answer.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { ThrottledError, UnavailableError } from '../../../src/core/errors.ts'
import { createThrottle, type Throttle } from '../../../src/core/throttle/throttle.ts'
import type { ThrottleStore } from '../../../src/core/throttle/throttle-store.ts'
import { memory } from '../../../src/stores/memory/memory.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../../src/stores/sqlite/sqlite.ts'
import { startPostgresOrSkip } from '../../stores/postgres-server.ts'

// How soon the disk is done is of no interest here, and all of them write one row.
const flags = ['-c', 'synchronous_commit=off']
const { server, skip } = await startPostgresOrSkip({ flags })
const directory = mkdtempSync(join(tmpdir(), 'portcullis-throttle-'))
after(async () => {
  rmSync(directory, { recursive: true, force: true })
  await server?.remove()
})

const now = 1_800_000_000
const secret = Buffer.alloc(32, 7)

/** What came of an attempt whose secret is right or wrong, after a turn of the event loop. */
async function attempt(throttle: Throttle, address: string, isRight: boolean): Promise<string> {
  try {
    const answer = await throttle.attempt({ account: 'alice', address }, async () => {
      await new Promise(setImmediate)
      return isRight ? 'user' : null
    })
    return answer === null ? 'refused' : 'in'
  } catch (error) {
    if (error instanceof ThrottledError) return 'throttled'
    // On a machine that is busy with other things: an answer, too, and nobody may be left over by it.
    if (error instanceof UnavailableError) return 'unavailable'
    throw error
  }
}

const stores = {
  memory: async () => memory(),
  SQLite: async () => sqlite(join(directory, 'throttle.db')),
  PostgreSQL: async () => postgres((await server?.createDatabase('throttle')) ?? ''),
} as const

for (const [name, create] of Object.entries(stores)) {
  describe(`on ${name}`, { skip: name === 'PostgreSQL' && skip, timeout: 120_000 }, () => {
    test('every login has an answer, while its owner logs in from new sources (TH-07)', async () => {
      const store = await create()
      await store.open()
      const throttle = createThrottle(store.throttle, secret, () => now)
      const home = '192.0.2.1'
      assert.equal(await attempt(throttle, home, true), 'in')
      for (let round = 0; round < 3; round++) {
        const outcomes = await Promise.all(
          Array.from({ length: 300 }, async (_, index) => {
            const kind = index % 10 === 0 ? 'known' : index % 10 === 1 ? 'new' : 'stranger'
            const address = kind === 'known' ? home : `10.${round}.${index >> 8}.${index & 255}`
            return `${kind}: ${await attempt(throttle, address, kind !== 'stranger')}`
          }),
        )
        // Of those from a new source it depends on who comes first.
        assert.ok(outcomes.every((outcome) => !/known: (refused|throttled)/.test(outcome)))
        await throttle.unlock('alice')
      }
      // And nobody is left over who would be waited for.
      assert.equal(await attempt(throttle, '203.0.113.1', true), 'in')
      await store.close()
    })
  })
}

test('an attempt waits for the outcome of others, but not for ever (TH-07)', async () => {
  const { throttle: store } = memory()
  const throttle = createThrottle(store, secret, () => now, 0.01)
  const looked = Promise.withResolvers<null>()
  const address = '192.0.2.1'
  const account = 'alice'
  const held = Array.from({ length: 6 }, () =>
    throttle.attempt({ account, address }, () => looked.promise),
  )
  assert.equal(await attempt(throttle, address, true), 'throttled')
  looked.resolve(null)
  assert.deepEqual(await Promise.all(held), Array(6).fill(null))
})

test('a count that is gone when it is looked at is made again, and only what was counted is settled', async () => {
  const { throttle: real } = memory()
  let deletions = 0
  // A success that comes between the look for known sources and the count.
  const store: ThrottleStore = {
    ...real,
    async find(keys) {
      const found = await real.find(keys)
      if (deletions-- > 0) await real.prune(now + 1, now + 1, 0)
      return found
    },
  }
  const throttle = createThrottle(store, secret, () => now)
  const address = '192.0.2.1'
  assert.equal(await attempt(throttle, address, true), 'in')
  deletions = 1
  assert.equal(await attempt(throttle, address, false), 'refused')
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, () => attempt(throttle, address, true)),
  )
  assert.deepEqual(outcomes, Array(60).fill('in'))
})
