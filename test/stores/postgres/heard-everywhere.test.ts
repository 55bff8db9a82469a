// Whether a session is let in anywhere after its end was acknowledged. A longer run:
// ROUNDS=100 node --test test/stores/postgres/heard-everywhere.test.ts

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { Store } from '../../../src/core/store.ts'
import { aSession, aUser } from '../../../src/stores/contract/records.ts'
import { postgres } from '../../../src/stores/postgres/postgres.ts'
import { letGo, nextMessage } from '../child-message.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'
import { startProxy, type TcpProxy } from '../tcp-proxy.ts'
import type { LetIn, ReadTask } from './read-elsewhere.ts'
import { sharedClock } from './shared-clock.ts'

const rounds = Number(process.env.ROUNDS ?? 5)
/** How many sessions end at the same time. */
const atOnce = 50
const program = fileURLToPath(new URL('read-elsewhere.ts', import.meta.url))

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

describe('three processes that read sessions without end', { skip, timeout: 300_000 }, () => {
  let store: Store
  let proxy: TcpProxy
  let operator: pg.Client
  let children: readonly ChildProcess[]

  before(async () => {
    const url = (await server?.createDatabase('heard')) ?? ''
    store = postgres(url, { maxConnections: 20 })
    await store.open()
    operator = new pg.Client({ connectionString: url })
    await operator.connect()
    proxy = await startProxy(Number(new URL(url).port))
    const through = new URL(url)
    through.port = String(proxy.port)
    children = [url, url, through.href].map((each) => fork(program, [each]))
    await Promise.all(children.map((child) => nextMessage(child)))
  })
  after(async () => {
    await Promise.all(children.map(letGo))
    await operator.end()
    await store.close()
    await proxy.close()
  })

  function tell(task: ReadTask): void {
    for (const child of children) child.send(task)
  }

  /** Ends sessions that all processes know by themselves, and finds out whether one was let in after that. */
  async function endAll(end: (ids: readonly string[]) => Promise<ReadonlyMap<string, number>>) {
    const sessions: [user: string, session: string][] = []
    for (let made = 0; made < atOnce; made++) {
      const user = aUser()
      const session = aSession(user, { expiresAt: 4_000_000_000 })
      await store.users.create(user)
      await store.sessions.create(session)
      sessions.push([user.id, session.id])
    }
    const warm = children.map((child) => nextMessage(child))
    tell({ do: 'read', sessions })
    assert.deepEqual(new Set(await Promise.all(warm)), new Set(['warm']))
    const answeredAt = await end(sessions.map(([, session]) => session))
    const finished = children.map((child) => nextMessage<LetIn>(child))
    tell({ do: 'finish' })
    for (const [number, letIn] of (await Promise.all(finished)).entries()) {
      for (const [, session] of sessions) {
        const [last = Number.POSITIVE_INFINITY, answered = 0] = [
          letIn[session],
          answeredAt.get(session),
        ]
        assert.ok(
          last < answered,
          `process ${number} let it in ${last - answered} µs after the end`,
        )
      }
    }
  }

  /** Ends all of them at once, and says when each was acknowledged. */
  async function logOut(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const ends = ids.map(async (id) => {
      assert.equal(await store.sessions.revoke(id, 1_800_000_000), true)
      return [id, sharedClock()] as const
    })
    return new Map(await Promise.all(ends))
  }

  test(`let nobody in after ${atOnce} log-outs at once, ${rounds} times (SR-09)`, async () => {
    for (let round = 0; round < rounds; round++) await endAll(logOut)
  })

  test(`nor after log-outs one by one, ${rounds} times (SR-09)`, async () => {
    for (let round = 0; round < rounds; round++) {
      await endAll(async (ids) => {
        const answeredAt = new Map<string, number>()
        for (const id of ids) for (const [, at] of await logOut([id])) answeredAt.set(id, at)
        return answeredAt
      })
    }
  })

  test(`nor where one of them was stopped meanwhile, ${rounds} times (SR-09)`, async () => {
    for (let round = 0; round < rounds; round++) {
      const stopped = children[round % children.length]
      await endAll(async (ids) => {
        // Some are told of before it stops, some are not.
        const first = logOut(ids.slice(0, 10))
        stopped?.kill('SIGSTOP')
        const others = await logOut(ids.slice(10))
        stopped?.kill('SIGCONT')
        return new Map([...(await first), ...others])
      })
    }
  })

  for (const mode of ['swallow', 'reset'] as const) {
    test(`nor where the network of one ${mode}s everything meanwhile (SR-09)`, async () => {
      await endAll(async (ids) => {
        const first = logOut(ids.slice(0, 10))
        await proxy.switchTo(mode)
        const answeredAt = new Map([...(await first), ...(await logOut(ids.slice(10)))])
        await proxy.switchTo('pass')
        return answeredAt
      })
    })
  }

  test('nor after the answer that it had ended, which nobody has heard of yet (SR-09)', async () => {
    const ended = 'select 1 from sessions where id = $1 and revoked_at is not null'
    await endAll(async ([id = '', ...others]) => {
      await proxy.switchTo('swallow')
      const first = store.sessions.revoke(id, 1_800_000_000)
      while ((await operator.query(ended, [id])).rows.length === 0);
      assert.equal(await store.sessions.revoke(id, 1_800_000_000), false)
      const answeredAt = new Map([[id, sharedClock()]])
      assert.equal(await first, true)
      const later = await logOut(others)
      await proxy.switchTo('pass')
      return new Map([...answeredAt, ...later])
    })
  })

  test(`nor where the connections that listen are ended meanwhile, ${rounds} times (SR-09)`, async () => {
    const cut = () =>
      operator.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'portcullis cache'",
      )
    for (let round = 0; round < rounds; round++) {
      await endAll(async (ids) => {
        const [answeredAt] = await Promise.all([logOut(ids), cut()])
        return answeredAt
      })
    }
  })

  test('nor where the log is emptied by hand meanwhile (SR-09)', async () => {
    for (const statement of ['delete from portcullis_changes', 'truncate portcullis_changes']) {
      await endAll(async (ids) => {
        let isDone = false
        const emptying = (async () => {
          while (!isDone) await operator.query(statement)
        })()
        const answeredAt = await logOut(ids)
        isDone = true
        await emptying
        return answeredAt
      })
    }
  })
})
