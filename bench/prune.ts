// A server that starts on a store of which half is dead, and prunes it while it serves requests and
// another process writes: node bench/prune.ts [--sessions 1000000] [--engine sqlite|postgres]

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createAuth } from '../src/core/auth.ts'
import { internals } from '../src/core/internals.ts'
import type { UserRecord } from '../src/core/users/user-store.ts'
import { serve } from '../test/cli/process.ts'
import { type Credentials, logIn, refresh, send } from '../test/stores/storm.ts'
import { createDatabase, type Database, type EngineName } from './database.ts'
import { fillSessions, fillUsers } from './fill.ts'
import { formatTable, type Quantiles, quantiles } from './quantiles.ts'
import { now } from './rows.ts'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000000' },
    engine: { type: 'string' },
  },
})
const sessions = Number(values.sessions)
const engines: readonly EngineName[] =
  values.engine === 'sqlite' || values.engine === 'postgres'
    ? [values.engine]
    : ['sqlite', 'postgres']
const fates = ['live', 'revoked', 'live', 'idle', 'live', 'expired'] as const
const password = 'three green tractors sing'
// One for each kind of load: a user's sessions beyond 100 are deleted, those that wait first.
const [reader, refresher, visitor, other] = ['alice', 'bob', 'carol', 'dave'].map((username) => ({
  username,
  password,
})) as [Credentials, Credentials, Credentials, Credentials]
const secretKey = 'b7e1f0a2c3d4958677869504a3b2c1d0'
const day = 86_400

const deadBy = [
  `expires_at < ${now - day}`,
  `revoked_at < ${now - day}`,
  `rotated_at < ${now - 15 * day}`,
]

async function run(database: Database): Promise<void> {
  const users: UserRecord[] = []
  const amount = Math.ceil(sessions / 10)
  await fillUsers(database, users, amount, amount)
  await fillSessions(database, users, { from: 0, to: sessions, of: sessions, fates })
  await database.settle()
  const untouched = await liveOnes(database)
  const [{ rows: toGo } = {}] = await database.ask(
    `select count(*) as rows from sessions where ${deadBy.join(' or ')}`,
  )
  console.log(`\n${database.version}: ${toGo} of ${sessions} sessions are dead\n`)

  const auth = await createAuth({ store: database.createStore(), secretKey })
  for (const each of [reader, refresher, visitor, other]) await auth.users.create(each)
  const began = performance.now()
  const isPostgres = database.address.startsWith('postgres:')
  const directory = isPostgres
    ? mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
    : dirname(database.address)
  const server = await serve(directory, {
    DATA_DIR: '.',
    SECRET_KEY: secretKey,
    ...(isPostgres && { DATABASE_URL: database.address }),
  })
  const write = async (): Promise<void> => {
    const user = await auth[internals].store.users.findByUsername(other.username)
    assert.ok(user && (await auth.sessions.open(user, { clientId: 'first-party', scopes: [] })))
  }
  // One after the other: what this costs without pruning is measured when nothing is left to prune.
  const busy = await load(server.url, write, () => hasDead(database))
  const seconds = (performance.now() - began) / 1000
  const quietUntil = performance.now() + 20_000
  const quiet = await load(server.url, write, async () => {
    await setTimeout(500)
    return performance.now() < quietUntil
  })
  console.log(`Pruned within ${seconds.toFixed(0)} s of the server's start.\n`)
  const row = (name: string, quantile: (name: string) => Quantiles | undefined): string[] => {
    const { p50 = 0, p99 = 0, max = 0, count = 0 } = quantile(name) ?? {}
    return [p50, p99, max].map((each) => each.toFixed(1)).concat(String(count))
  }
  console.log(
    formatTable([
      ['milliseconds', ...['p50', 'p99', 'max', 'times'], ...['p50', 'p99', 'max', 'times']],
      ['', 'pruning', '', '', '', 'quiet', '', '', ''],
      ...[...busy.keys()].map((name) => [
        name,
        ...row(name, (each) => busy.get(each)),
        ...row(name, (each) => quiet.get(each)),
      ]),
    ]),
  )
  assert.equal(await server.stop(), 0)
  await auth.close()
  if (isPostgres) rmSync(directory, { recursive: true })
  assert.deepEqual(await liveOnes(database), untouched, 'live sessions were touched')
}

/** What a live session is by its columns; those that the load opens are newer. */
async function liveOnes(database: Database): Promise<unknown> {
  return await database.ask(
    `select count(*) as rows, sum(generation) as generations from sessions
      where expires_at > ${now} and revoked_at is null and rotated_at > ${now - 14 * day}
      and created_at < ${now}`,
  )
}

async function hasDead(database: Database): Promise<boolean> {
  await setTimeout(500)
  for (const condition of deadBy) {
    const rows = await database.ask(`select 1 from sessions where ${condition} limit 1`)
    if (rows.length > 0) return true
  }
  return false
}

/** Requests of every kind, each kind one after another with a moment between, as long as it is asked for. */
async function load(
  url: string,
  write: () => Promise<void>,
  goesOn: () => Promise<boolean>,
): Promise<ReadonlyMap<string, Quantiles>> {
  const reading = await logIn(url, reader)
  const device = await logIn(url, refresher)
  assert.ok(reading && device)
  const kinds: Readonly<Record<string, () => Promise<unknown>>> = {
    'guarded request': async () =>
      assert.equal((await send(`${url}/me`, { token: reading.accessToken }))?.status, 200),
    refresh: async () => assert.ok(await refresh(url, device)),
    login: async () => assert.ok(await logIn(url, visitor)),
    'session opened by another process': write,
  }
  let over = false
  const measured = Object.entries(kinds).map(async ([name, request]) => {
    const milliseconds: number[] = []
    while (!over) {
      const began = performance.now()
      await request()
      milliseconds.push(performance.now() - began)
      await setTimeout(10)
    }
    return [name, quantiles(milliseconds)] as const
  })
  while (await goesOn());
  over = true
  return new Map(await Promise.all(measured))
}

for (const engine of engines) {
  const database = await createDatabase(engine)
  try {
    await run(database)
  } finally {
    await database.remove()
  }
}
