// What a server has open when all its visitors have gone. Growth over a long time, of memory too, is
// measured by bench/soak.ts.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { createVisits } from '../../bench/visitors.ts'
import { createDirectory, run, type Serving, serve } from '../cli/process.ts'
import { goodPassword } from '../fixtures.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'

const { server: postgres, skip: noPostgres } = await startPostgresOrSkip()
after(() => postgres?.remove())
const noDescriptors =
  process.platform !== 'linux' && 'not checked: Linux alone tells what another process has open'

const client = {
  ...{ id: 'api', secret: 'f3b1c4d5e6a7980b1c2d3e4f5a6b7c8d' },
  ...{ grants: ['client_credentials'], scopes: ['stats:read'] },
}
const poolSize = 3

/** What a server has open and under way, connections to its database apart: those it keeps for later. */
type Open = Readonly<Record<'descriptors' | 'handles' | 'resources' | 'hashes' | 'leases', number>>

interface Look {
  readonly open: Open
  readonly connections: number
}

/** The page of metrics is made at one moment. The descriptors are counted a moment before. */
async function lookAt({ child, greeting }: Serving): Promise<Look> {
  const descriptors = readdirSync(`/proc/${child.pid}/fd`).length
  const url = /Metrics: +(\S+)/.exec(greeting)?.[1] ?? ''
  const page = await (await fetch(url, { headers: { connection: 'close' } })).text()
  const sum = (...names: string[]): number =>
    names.reduce(
      (total, name) => total + Number(page.split(`\n${name} `)[1]?.split('\n')[0] ?? 0),
      0,
    )
  const used = 'portcullis_database_connections{state="used"}'
  const connections = sum(used, 'portcullis_database_connections{state="idle"}')
  const open: Open = {
    descriptors: descriptors - connections,
    handles: sum('nodejs_active_handles_total') - connections,
    // A connection has a timer, too, which ends it when it is idle for long.
    resources: sum('nodejs_active_resources_total') - 2 * connections,
    hashes: sum('portcullis_hash_jobs_running', 'portcullis_hash_jobs_waiting'),
    leases: sum(used, 'portcullis_database_connections{state="waiting"}'),
  }
  return { open, connections }
}

/** What is open when nothing is under way, and nothing has changed between two looks. */
async function lookAtRest(server: Serving): Promise<Look> {
  let [last, look] = [await lookAt(server), await lookAt(server)]
  while (look.open.leases + look.open.hashes > 0 || !isDeepStrictEqual(last, look)) {
    last = look
    look = await lookAt(server)
  }
  return look
}

const grown = (before: Open, now: Open): readonly string[] =>
  (Object.keys(before) as (keyof Open)[]).filter((name) => now[name] > before[name])

for (const [engine, skip] of [
  ['SQLite', noDescriptors],
  ['PostgreSQL', noDescriptors || noPostgres],
] as const) {
  test(`${engine}: when hundreds of requests have ended, in whatever way, no more is open than before (DR-03)`, {
    timeout: 300_000,
    skip,
  }, async (t) => {
    const url = engine === 'PostgreSQL' ? await postgres?.createDatabase('visited') : undefined
    const environment = {
      ...{ METRICS_PORT: '0', TRUSTED_PROXIES: '127.0.0.1', CLIENTS: JSON.stringify([client]) },
      ...(url !== undefined && { DATABASE_URL: url, DATABASE_POOL_SIZE: String(poolSize) }),
    }
    const directory = createDirectory()
    assert.equal((await run(directory, ['migrate'], { environment })).code, 0)
    const words = ['user', 'add', 'alice', '--role', 'admin']
    assert.equal((await run(directory, words, { input: goodPassword, environment })).code, 0)
    const server = await serve(directory, environment)
    t.after(() => server.stop())

    const visits = createVisits({
      ...{ url: server.url, username: 'alice', password: goodPassword },
      ...{ clientId: client.id, clientSecret: client.secret },
    })
    let visitors = 0
    const visitAll = (): Promise<unknown> =>
      Promise.all(Object.values(visits).map((visit) => visit(++visitors)))
    // The first visitors open what stays open: the connection that hears of changes, for example.
    await visitAll()
    const before = await lookAtRest(server)
    for (let round = 0; round < 10; round++) await visitAll()

    // The server hears of a closed connection a little later; it answers each look after that.
    let now = await lookAt(server)
    for (let looks = 0; looks < 500 && grown(before.open, now.open).length > 0; looks++) {
      now = await lookAt(server)
    }
    const growth = JSON.stringify({ before, now })
    assert.deepEqual(grown(before.open, now.open), [], growth)
    // Two more read for guarded requests while those are all in use.
    assert.ok(now.connections <= poolSize + 2, growth)
  })
}
