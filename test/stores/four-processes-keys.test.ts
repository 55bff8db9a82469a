// Four processes with one set of signing keys.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { decodeProtectedHeader } from 'jose'
import { publicationLead, retentionOf } from '../../src/core/keys/lifecycle.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, createTestClock } from '../fixtures.ts'
import { letGo, nextMessage } from './child-message.ts'
import type { KeyOutcome, KeyTask } from './keys-elsewhere.ts'
import { startPostgresOrSkip } from './postgres-server.ts'

const program = fileURLToPath(new URL('./keys-elsewhere.ts', import.meta.url))
const day = 86400

const directory = mkdtempSync(join(tmpdir(), 'portcullis-keys-'))
const { server, skip } = await startPostgresOrSkip()
after(async () => {
  await server?.remove()
  rmSync(directory, { recursive: true, force: true })
})

type Untimed<T> = T extends unknown ? Omit<T, 'now'> : never
type Work = Untimed<KeyTask>

async function ask(child: ChildProcess, task: KeyTask): Promise<KeyOutcome> {
  child.send(task)
  return await nextMessage(child)
}

function processes(name: string, locate: () => Promise<string>, skipped: string | false): void {
  describe(`four processes on ${name}`, { skip: skipped }, () => {
    async function start(t: TestContext) {
      const database = await locate()
      const clock = createTestClock()
      const key = randomBytes(32)
      const store = database.startsWith('postgres:') ? postgres(database) : sqlite(database)
      // The four start on an empty database at once, and make one key.
      const words = [database, String(clock()), key.toString('hex')]
      const children = [1, 2, 3, 4].map(() => fork(program, words))
      t.after(() => Promise.all(children.map(letGo)))
      await Promise.all(children.map((child) => nextMessage(child)))

      const auth = await createTestAuth({ store, keyEncryptionKey: key, clock })
      t.after(() => auth.close())
      const { id: userId } = await auth.users.create({ username: 'alice', password: null })
      const keysNow = async () => (await store.signingKeys.read()).keys

      const tell = (index: number, work: Work): Promise<KeyOutcome> =>
        ask(children[index] as ChildProcess, { ...work, now: clock() })
      const tellAll = (work: Work): Promise<KeyOutcome[]> =>
        Promise.all(children.map((_, index) => tell(index, work)))
      return { clock, keysNow, tell, tellAll, userId }
    }

    test('one makes the next key, and all sign with a key that all publish (KM-04)', async (t) => {
      const { clock, keysNow, tellAll, userId } = await start(t)
      const [first, ...others] = await keysNow()
      assert.deepEqual(others, [], 'four that start at once have made one key')

      async function assertAgreed(expected: string | undefined): Promise<void> {
        const sets = await tellAll({ do: 'read the JWK Set' })
        for (const outcome of await tellAll({ do: 'issue', userId })) {
          assert.ok(outcome.done)
          const { kid = '' } = decodeProtectedHeader(outcome.token ?? '')
          assert.equal(kid, expected)
          for (const set of sets) assert.ok(set.done && set.ids?.includes(kid))
          const guarded = await tellAll({ do: 'guard', token: outcome.token ?? '' })
          assert.ok(guarded.every(({ done }) => done))
        }
      }

      await assertAgreed(first?.id)
      clock.advance(90 * day)
      await tellAll({ do: 'maintain' })
      const next = (await keysNow()).filter(({ id }) => id !== first?.id)
      assert.equal(next.length, 1)
      await assertAgreed(first?.id)
      clock.advance(publicationLead)
      await assertAgreed(next[0]?.id)
      clock.advance(retentionOf(900))
      await tellAll({ do: 'maintain' })
      assert.deepEqual(
        (await keysNow()).map(({ id }) => id),
        [next[0]?.id],
      )
    })

    test('of many rotations at the same time one is made, and all sign with one key (KM-04)', async (t) => {
      const { keysNow, tellAll, userId } = await start(t)
      const outcomes = await tellAll({ do: 'rotate' })
      const ids = outcomes.map((outcome) => (outcome.done ? outcome.ids?.[0] : outcome.reason))
      assert.equal(new Set(ids).size, 1)
      assert.equal((await keysNow()).length, 2)

      const rotated = await tellAll({ do: 'rotate at once' })
      assert.ok(rotated.every(({ done }) => done))
      const kids = (await tellAll({ do: 'issue', userId })).map((outcome) => {
        assert.ok(outcome.done)
        return decodeProtectedHeader(outcome.token ?? '').kid ?? ''
      })
      assert.equal(new Set(kids).size, 1)
      for (const set of await tellAll({ do: 'read the JWK Set' })) {
        assert.ok(set.done && set.ids?.includes(kids[0] ?? ''))
      }
    })

    test('a key that one retires is refused by all on their very next guarded request (KM-03)', async (t) => {
      const { tell, tellAll, userId } = await start(t)
      for (let round = 0; round < 4; round++) {
        const issued = await tell(round, { do: 'issue', userId })
        assert.ok(issued.done && issued.token)
        const { token } = issued
        const before = await tellAll({ do: 'guard', token })
        assert.ok(before.every(({ done }) => done))

        const { kid: id = '' } = decodeProtectedHeader(token)
        const retired = await tell((round + 1) % 4, { do: 'retire', id })
        assert.ok(retired.done)
        for (const outcome of await tellAll({ do: 'guard', token })) {
          assert.deepEqual(outcome, { done: false, reason: 'Could not validate credentials' })
        }
        for (const set of await tellAll({ do: 'read the JWK Set' })) {
          assert.deepEqual(set, { done: true, ids: retired.ids })
        }
      }
    })
  })
}

let databases = 0
processes('SQLite', async () => join(directory, `${++databases}.db`), false)
processes(
  'PostgreSQL',
  async () => (await server?.createDatabase(`keys${++databases}`)) ?? '',
  skip,
)
