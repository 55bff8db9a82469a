// Log-outs a second on PostgreSQL with synchronous replication, in this tree and in another one, such as that of
// an earlier commit; and guarded reads a second, alone and while the other process logs users out:
//
//   git worktree add --detach ../before 73eaa98d && ln -s "$PWD/node_modules" ../before/node_modules
//   ROUNDS=7 node bench/log-outs.ts ../before
//
// One primary and one standby, which both wait for the disk. DELAY is how many milliseconds the network between
// them takes in each direction. Each tree has a database of its own there and two processes; each round measures
// every tree, in another order. AT_ONCE is the number of log-outs at the same time over both processes, SECONDS
// the length of a measurement. Linux alone tells the CPU time.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { loadavg } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { letGo, nextMessage } from '../test/stores/child-message.ts'
import { startPostgres, startStandby } from '../test/stores/postgres-server.ts'
import { withCleanup } from './compare/rows/row.ts'
import { ratio, spread } from './compare/statistics.ts'
import type { Done, Task } from './log-outs-process.ts'
import { formatTable } from './quantiles.ts'

const { ROUNDS = '7', SECONDS = '4', AT_ONCE = '48', DELAY = '0' } = process.env
const seconds = Number(SECONDS)
const perProcess = Number(AT_ONCE) / 2
const sessions = 200_000
const program = fileURLToPath(new URL('log-outs-process.ts', import.meta.url))
const here = resolve(import.meta.dirname, '..')
const trees = { other: resolve(process.argv[2] ?? '.'), this: here }

async function run(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

/** Resolves when commits wait for the standby, and it has all that was written before. */
async function untilSynchronous(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const caughtUp = `select 1 from pg_stat_replication
    where sync_state = 'sync' and flush_lsn >= pg_current_wal_flush_lsn()`
  while ((await client.query(caughtUp)).rows.length === 0);
  await client.end()
}

/** Users with one session each, by their number. */
const fill = [
  `insert into users (id, username, role, active, created_at, security_stamp)
    select 'user' || n, 'user' || n, 'member', 1, 1, 'stamp' from generate_series(1, ${sessions}) as n`,
  `insert into sessions (id, user_id, client_id, scope, generation, rotated_at, created_at, expires_at,
      security_stamp, label, address)
    select 'session' || n, 'user' || n, 'first-party', '', 0, 1, 1, 4000000000, 'stamp', '', ''
    from generate_series(1, ${sessions}) as n`,
  'vacuum analyze',
  'checkpoint',
]

/** A way to a port of this machine that takes its time. */
async function slowWay(port: number, milliseconds: number): Promise<Server> {
  const way = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk) => setTimeout(() => to.write(chunk), milliseconds))
      from.setNoDelay()
      from.on('error', () => {})
      from.on('close', () => to.destroy())
    }
  })
  way.listen(0, '127.0.0.1')
  await once(way, 'listening')
  return way
}

async function tell(child: ChildProcess, task: Task): Promise<Done> {
  child.send(task)
  return await nextMessage<Done>(child)
}

/** Seconds of CPU that the server has used for the connections that listen. */
async function channelCpu(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ pid: number }>(
    "select pid from pg_stat_activity where datname = current_database() and application_name = 'portcullis cache'",
  )
  await client.end()
  const times = rows.map(({ pid }) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    // In hundredths of a second (proc(5)).
    return (Number(fields[11]) + Number(fields[12])) / 100
  })
  return times.reduce((sum, each) => sum + each, 0)
}

await withCleanup(async (onEnd) => {
  const flags = ['-c', 'fsync=on', '-c', 'max_connections=300']
  const primary = await startPostgres({ flags })
  onEnd(primary.remove)
  const way = await slowWay(primary.port, Number(DELAY))
  const { port } = way.address() as AddressInfo
  const follows = `primary_conninfo=host=127.0.0.1 port=${port} user=postgres password=postgres`
  const standby = await startStandby(primary, [...flags, '-c', follows])
  onEnd(standby.remove)

  const contestants = []
  for (const [name, tree] of Object.entries(trees)) {
    const url = await primary.createDatabase(name)
    const start = async (): Promise<ChildProcess> => {
      const child = fork(program, [tree, url, String(perProcess)])
      onEnd(() => letGo(child))
      await nextMessage(child)
      return child
    }
    const children = [await start(), await start()] as const
    await run(url, ...fill)
    let next = 1
    async function logOut(count: 1 | 2): Promise<number> {
      const tasks = children.slice(0, count).map(async (child, index) => {
        const task = {
          what: 'log out',
          first: next + index,
          step: count,
          atOnce: perProcess,
        } as const
        return await tell(child, { ...task, seconds })
      })
      const done = await Promise.all(tasks)
      next += count * Math.max(...done.map((each) => each.begun))
      return done.reduce((sum, each) => sum + each.count, 0) / seconds
    }
    const read = () => tell(children[1], { what: 'read', seconds })
    const share = ({ count, hits }: Done): number => (100 * hits) / count
    const phases: Readonly<Record<string, () => Promise<Readonly<Record<string, number>>>>> = {
      'log-outs': async () => ({ 'log-outs/s': await logOut(2) }),
      reads: async () => {
        const done = await read()
        return { 'guarded reads/s': done.count / seconds, 'of them from the cache, %': share(done) }
      },
      both: async () => {
        const [, done] = await Promise.all([logOut(1), read()])
        return {
          'guarded reads/s during log-outs': done.count / seconds,
          'of these from the cache, %': share(done),
        }
      },
      heartbeat: async () => {
        const before = await channelCpu(url)
        const done = await Promise.all(
          children.map((child) => tell(child, { what: 'read now and then', seconds })),
        )
        const used = done.reduce((sum, { cpu }) => sum + cpu, 0)
        return {
          'CPU of a process that is read now and then, ms/s': (500 * used) / seconds,
          'CPU of its connection at the server, ms/s':
            (500 * ((await channelCpu(url)) - before)) / seconds,
        }
      },
    }
    contestants.push({ name, phases, found: [] as Record<string, number>[] })
  }
  // Only now: to fill the tables need not wait.
  const admin = `postgres://postgres:postgres@127.0.0.1:${primary.port}/postgres`
  await run(admin, "alter system set synchronous_standby_names = '*'", 'select pg_reload_conf()')
  await untilSynchronous(admin)

  for (let round = -1; round < Number(ROUNDS); round++) {
    for (const { found } of contestants) found[round] = {}
    // One tree right after the other: the machine is the same.
    for (const phase of ['log-outs', 'reads', 'both', 'heartbeat']) {
      for (const { found, phases } of round % 2 === 0 ? contestants : contestants.toReversed()) {
        Object.assign(found[round] ?? {}, await phases[phase]?.())
      }
    }
    if (process.env.VERBOSE) console.error(contestants.map(({ found }) => found[round]))
  }
  const [other, ours] = contestants.map(({ found }) => found)
  const rows = Object.keys(ours?.[0] ?? {}).map((key) => {
    const [before, now] = [other, ours].map((found) => found?.map((each) => each[key] ?? 0) ?? [])
    return [key, spread(before ?? []), spread(now ?? []), ratio(now ?? [], before ?? []).toFixed(2)]
  })
  console.log(formatTable([['', 'other', 'this', 'ratio'], ...rows]))
  console.log(`Load of the machine at the end: ${loadavg()[0]?.toFixed(1)}`)
})
process.exit()
