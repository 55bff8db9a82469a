// Two processes on one database. A longer run: ROUNDS=200 node --test test/stores/two-processes.test.ts

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Auth } from '../../src/core/auth.ts'
import { internals } from '../../src/core/internals.ts'
import type { OpenSession } from '../../src/core/sessions/session-calls.ts'
import type { Store } from '../../src/core/store.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestAuth, createTestClock } from '../fixtures.ts'
import { letGo, nextMessage } from './child-message.ts'
import { startPostgresOrSkip } from './postgres-server.ts'
import type { Outcome, Task } from './refresh-elsewhere.ts'

const rounds = Number(process.env.ROUNDS ?? 10)
/** How often each process presents the token at the same time. */
const perProcess = 50
const secretKey = 'b7e1f0a2c3d4958677869504a3b2c1d0'
const program = fileURLToPath(new URL('./refresh-elsewhere.ts', import.meta.url))

const directory = mkdtempSync(join(tmpdir(), 'portcullis-processes-'))
const { server, skip } = await startPostgresOrSkip()
after(async () => {
  await server?.remove()
  rmSync(directory, { recursive: true, force: true })
})

interface Elsewhere {
  /** Tells both processes at once, and gathers what came of it. */
  tell(task: Task, other?: Task): Promise<Outcome>
  stop(): Promise<void>
}

async function startElsewhere(database: string): Promise<Elsewhere> {
  const children: readonly ChildProcess[] = [1, 2].map(() => fork(program, [database, secretKey]))
  await Promise.all(children.map((child) => nextMessage(child)))
  return {
    async tell(task, other = task) {
      const outcomes = await Promise.all(
        children.map(async (child, index) => {
          child.send(index === 0 ? task : other)
          return await nextMessage<Outcome>(child)
        }),
      )
      return outcomes.flat()
    },
    async stop() {
      await Promise.all(children.map(letGo))
    },
  }
}

function races(name: string, open: () => Promise<[Store, string]>, skipped: string | false): void {
  describe(`two processes on ${name}`, { skip: skipped }, () => {
    async function start(t: TestContext): Promise<{ auth: Auth; elsewhere: Elsewhere }> {
      const [store, database] = await open()
      const auth = await createTestAuth({ store, secretKey, clock: createTestClock() })
      const elsewhere = await startElsewhere(database)
      // Also when the test has failed: processes that wait for more would keep this one alive.
      t.after(async () => {
        await elsewhere.stop()
        await auth.close()
      })
      return { auth, elsewhere }
    }

    async function openSession(auth: Auth, username: string): Promise<OpenSession> {
      const { id } = await auth.users.create({ username, password: null })
      const user = await auth[internals].store.users.findById(id)
      assert.ok(user)
      const opened = await auth.sessions.open(user, { clientId: 'client', scopes: [] })
      assert.ok(opened)
      return opened
    }

    test(`one refresh token, presented ${perProcess} times at once by each, has one successor, ${rounds} times (SR-04, DD-12)`, async (t) => {
      const { auth, elsewhere } = await start(t)
      for (let round = 0; round < rounds; round++) {
        const { session, refreshToken } = await openSession(auth, `racer${round}`)
        const outcome = await elsewhere.tell({ refreshToken, times: perProcess })
        assert.equal(outcome.length, 2 * perProcess)
        assert.equal(new Set(outcome).size, 1, 'all are given the same successor')
        assert.notEqual(outcome[0], null)
        assert.equal((await auth[internals].store.sessions.find(session.id))?.generation, 1)
        // No branch: the one successor is what the session goes on with, and it is the only session.
        const { session: next } = await auth.sessions.refresh(outcome[0] ?? '', 'client')
        assert.equal(next.id, session.id)
        assert.equal(next.generation, 2)
        assert.equal((await auth.sessions.list(session.userId)).length, 1)
      }
    })

    test(`no token survives a revocation, ${rounds} times (SR-09, DD-12)`, async (t) => {
      const { auth, elsewhere } = await start(t)
      let refusals = 0
      for (let round = 0; round < rounds; round++) {
        const { session, refreshToken } = await openSession(auth, `revoked${round}`)
        const task = { refreshToken, times: perProcess }
        // From before the first presentation of its process to after the last.
        const after = Math.round((round * perProcess) / Math.max(rounds - 1, 1))
        const outcome = await elsewhere.tell(task, {
          ...task,
          revoke: { sessionId: session.id, after },
        })
        const survivors = [refreshToken, ...outcome.filter((token) => token !== null)]
        for (const token of new Set(survivors)) {
          await assert.rejects(auth.sessions.refresh(token, 'client'), { code: 'invalid_grant' })
        }
        const subject = await auth[internals].store.findSubject(session.userId, session.id)
        assert.equal(subject?.sessionStamp, null, 'and its access tokens are refused')
        refusals += outcome.filter((token) => token === null).length
      }
      t.diagnostic(`${refusals} of ${rounds * 2 * perProcess} presentations came too late`)
    })
  })
}

let databases = 0
races(
  'SQLite',
  async () => {
    const path = join(directory, `${++databases}.db`)
    return [sqlite(path), path]
  },
  false,
)
races(
  'PostgreSQL',
  async () => {
    const url = (await server?.createDatabase(`races${++databases}`)) ?? ''
    return [postgres(url), url]
  },
  skip,
)
