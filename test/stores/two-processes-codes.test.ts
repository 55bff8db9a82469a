// Two processes that exchange one code at once. A longer run: ROUNDS=200 node --test test/stores/two-processes-codes.test.ts

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { internals } from '../../src/core/internals.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'
import { createTestClock } from '../fixtures.ts'
import {
  createRelyingParty,
  type RelyingParty,
  verifier,
} from '../http/authorization/relying-party.ts'
import { letGo, nextMessage } from './child-message.ts'
import type { Exchanged, Exchanges } from './exchange-elsewhere.ts'
import { startPostgresOrSkip } from './postgres-server.ts'

const rounds = Number(process.env.ROUNDS ?? 5)
/** How often each process presents the code at the same time. */
const perProcess = 25
const keyEncryptionKey = randomBytes(32)
const program = fileURLToPath(new URL('./exchange-elsewhere.ts', import.meta.url))

const directory = mkdtempSync(join(tmpdir(), 'portcullis-codes-'))
const { server, skip } = await startPostgresOrSkip()
after(async () => {
  await server?.remove()
  rmSync(directory, { recursive: true, force: true })
})

/** Tells both processes at once, and gathers what came of it. */
type Tell = (task: Exchanges, other?: Exchanges) => Promise<Exchanged>

async function startElsewhere(t: TestContext, database: string): Promise<Tell> {
  const words = [database, keyEncryptionKey.toString('hex')]
  const children: readonly ChildProcess[] = [1, 2].map(() => fork(program, words))
  t.after(async () => void (await Promise.all(children.map(letGo))))
  await Promise.all(children.map((child) => nextMessage(child)))
  return async (task, other = task) => {
    const outcomes = await Promise.all(
      children.map(async (child, index) => {
        child.send(index === 0 ? task : other)
        return await nextMessage<Exchanged>(child)
      }),
    )
    return outcomes.flat()
  }
}

function races(name: string, open: () => Promise<string>, skipped: string | false): void {
  describe(`two processes on ${name}`, { skip: skipped }, () => {
    async function start(t: TestContext): Promise<{ party: RelyingParty; tell: Tell }> {
      const database = await open()
      const store = database.startsWith('postgres:') ? postgres(database) : sqlite(database)
      const party = await createRelyingParty({ store, keyEncryptionKey, clock: createTestClock() })
      t.after(() => party.auth.close())
      return { party, tell: await startElsewhere(t, database) }
    }

    test(`one code, presented ${perProcess} times at once by each, opens one session, ${rounds} times (OP-12)`, async (t) => {
      const { party, tell } = await start(t)
      for (let round = 0; round < rounds; round++) {
        const browser = await party.browser()
        const code = await party.code({ browser })
        const outcome = await tell({ code, codeVerifier: verifier, times: perProcess })
        assert.equal(outcome.length, 2 * perProcess)
        const won = outcome.flatMap(({ sessionId }) => sessionId ?? [])
        assert.equal(won.length, 1)
        const refusals = outcome.flatMap(({ error }) => error ?? [])
        assert.deepEqual(new Set(refusals), new Set(['invalid_grant']))
        const { sessions } = party.auth[internals].store
        const opened = await sessions.listChildren(browser.session.id, 'spa', party.clock())
        assert.deepEqual(
          opened.map(({ id }) => id),
          won,
        )
      }
    })

    test(`nothing that a code opens survives the end of its browser session, ${rounds} times`, async (t) => {
      const { party, tell } = await start(t)
      let opened = 0
      for (let round = 0; round < rounds; round++) {
        const browser = await party.browser()
        const code = await party.code({ browser })
        const { id: sessionId } = browser.session
        const task = { code, codeVerifier: verifier, times: perProcess }
        // From before the first exchange of its process to after the last.
        const after = Math.round((round * perProcess) / Math.max(rounds - 1, 1))
        const outcome = await tell(task, { ...task, end: { sessionId, after } })
        opened += outcome.filter((each) => each.sessionId !== undefined).length
        const { sessions } = party.auth[internals].store
        assert.deepEqual(await sessions.listChildren(sessionId, 'spa', party.clock()), [])
      }
      t.diagnostic(`${opened} of ${rounds} codes were exchanged before the end`)
    })
  })
}

let databases = 0
races('SQLite', async () => join(directory, `${++databases}.db`), false)
races('PostgreSQL', async () => (await server?.createDatabase(`codes${++databases}`)) ?? '', skip)
