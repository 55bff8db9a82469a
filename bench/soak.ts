// Whether a server that has visitors of every kind for long, far fewer than it could have, goes on as it
// began. Exit code 1 if it does not.
//
//   node bench/soak.ts [--minutes 20] [--engine sqlite|postgres] [--rate 8]

import { readdirSync, readlinkSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Auth } from '../src/core/auth.ts'
import { createDatabase } from './database.ts'
import { formatTable } from './quantiles.ts'
import { password, readMetric, residentMemoryOf, startServing, writeResult } from './serving.ts'
import { slopeOf } from './slope.ts'
import { createVisits } from './visitors.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    engine: { type: 'string', default: 'sqlite' },
    rate: { type: 'string', default: '8' },
  },
})
const minutes = Number(values.minutes)
/** Visits that begin in a second. */
const rate = Number(values.rate)
const mebibyte = 1024 * 1024
/** Seconds between two looks. */
const pause = Math.min(5, Math.max(1, minutes / 5))
/** The time after the warm-up is cut into so many parts. */
const parts = 15
/** More than the server keeps. */
const manyTokens = 20_000

/** What is looked at, with the most that it may grow by from the first part to the last. */
const quantities = {
  descriptors: 0,
  sockets: 0,
  handles: 0,
  'database connections': 0,
  'heap in use, MiB': 2,
  'memory beside the heap, MiB': 4,
  // The heap has more and more holes for as long as tokens in the cache are replaced for the first time.
  'memory, MiB': 16,
  'event loop, 99 % of delays, ms': 5,
}
type Look = Readonly<Record<keyof typeof quantities, number>>

// Garbage may lie for minutes, and looks like a leak: twice in each part there is none.
const collecting = `setInterval(gc,${(minutes * 45_000) / parts / 2}).unref()`
const database = values.engine === 'postgres' ? await createDatabase('postgres') : undefined
let clientSecret = ''
async function fill({ users, clients }: Auth): Promise<void> {
  await users.create({ username: 'alice', password, role: 'admin' })
  const job = { id: 'job', grants: ['client_credentials'], scopes: ['stats:read'] }
  clientSecret = await clients.register({ ...job, confidential: true })
}
const server = await startServing(fill, {
  nodeOptions: `--expose-gc --import=data:text/javascript,${collecting}`,
  ...(database && { databaseUrl: database.address }),
})

async function look(): Promise<Look> {
  const directory = `/proc/${server.pid}/fd`
  const open = readdirSync(directory).map((descriptor) => {
    try {
      return readlinkSync(`${directory}/${descriptor}`)
    } catch {
      return 'closed meanwhile'
    }
  })
  const [connections] = (await database?.ask(`select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`)) ?? [{ count: 0 }]
  const metric = (name: string): Promise<number> => readMetric(server.metricsUrl, name)
  // First: each reading resets the delays.
  const delay = await metric('nodejs_eventloop_lag_p99_seconds')
  const heap = await metric('nodejs_heap_size_total_bytes')
  const memory = residentMemoryOf(server.pid)
  return {
    descriptors: open.length,
    sockets: open.filter((what) => what.startsWith('socket:')).length,
    handles: await metric('nodejs_active_handles_total'),
    'database connections': Number(connections?.count),
    'heap in use, MiB': (await metric('nodejs_heap_size_used_bytes')) / mebibyte,
    'memory beside the heap, MiB': (memory - heap) / mebibyte,
    'memory, MiB': memory / mebibyte,
    'event loop, 99 % of delays, ms': 1000 * delay,
  }
}

/** Fills the cache of verified tokens, which would look like a leak until it is full. */
async function fillCache(): Promise<void> {
  const client = { client_id: 'job', client_secret: clientSecret }
  const post = async (path: string, fields: Readonly<Record<string, string>>) => {
    const body = new URLSearchParams({ ...client, ...fields })
    const answer = await fetch(server.url + path, { method: 'POST', body })
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}.`)
    return await answer.json()
  }
  let made = 0
  const lane = async (): Promise<void> => {
    while (made++ < manyTokens) {
      const { access_token } = await post('/auth/token', { grant_type: 'client_credentials' })
      await post('/auth/introspect', { token: access_token })
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
}

let visitors = 0
const failures: string[] = []

/** Lets visits begin at their times, however long those before them take, and waits for the last. */
async function receiveVisitors(stop: AbortSignal): Promise<void> {
  const visits = Object.entries(
    createVisits({ url: server.url, username: 'alice', password, clientId: 'job', clientSecret }),
  )
  const underWay = new Set<Promise<void>>()
  const began = performance.now()
  while (!stop.aborted) {
    await setTimeout(Math.max(0, began + (1000 * visitors) / rate - performance.now()))
    const [name, visit] = visits[visitors % visits.length] ?? []
    const visiting = Promise.resolve(visit?.(++visitors))
      .catch((error) => void failures.push(`${name}: ${error}`))
      .finally(() => underWay.delete(visiting))
    underWay.add(visiting)
    if (underWay.size > 100) throw new Error('This machine is too slow for so many: lower --rate.')
  }
  await Promise.all(underWay)
}

/** The least in each of the parts that a time is cut into: what a leak lifts, and load and garbage do not. */
function floorsOf(all: readonly number[]): readonly number[] {
  return Array.from({ length: parts }, (_none, part) =>
    Math.min(...all.slice((part * all.length) / parts, ((part + 1) * all.length) / parts)),
  )
}

const looks: Look[] = []
try {
  await fillCache()
  const stop = new AbortController()
  const receiving = receiveVisitors(stop.signal)
  const looking = (async () => {
    const until = performance.now() + minutes * 60_000
    while (performance.now() < until) {
      await setTimeout(1000 * pause)
      looks.push(await look())
    }
  })()
  await Promise.race([looking, receiving])
  stop.abort()
  await receiving
} finally {
  await server.stop()
  await database?.remove()
}

const measured = looks.slice(looks.length / 4)
const growth = Object.entries(quantities).map(([name, most]) => {
  const floors = floorsOf(measured.map((each) => each[name as keyof Look]))
  const { slope, confidence } = slopeOf(floors)
  const [grown, low, high] = [slope, ...confidence].map((each) => each * (parts - 1))
  return { name, first: floors[0], last: floors.at(-1), grown, low, high, most }
})
const grown = growth.filter(({ low = 0, most }) => low > most)
console.log(
  formatTable([
    ['', 'first', 'last', 'growth', '95 % confidence', 'at most', ''],
    ...growth.map((each) => [
      each.name,
      ...[each.first, each.last, each.grown].map((value) => value?.toFixed(1) ?? ''),
      `${each.low?.toFixed(1)} to ${each.high?.toFixed(1)}`,
      each.most,
      grown.includes(each) ? 'GROWS' : 'flat',
    ]),
  ]),
)
console.log(`\n${visitors} visits in ${minutes} minutes, ${failures.length} failed`)
for (const failure of failures.slice(0, 5)) console.log(failure)
writeResult('soak', { engine: values.engine, minutes, rate, visitors, failures, growth, looks })
process.exit(grown.length + failures.length > 0 ? 1 : 0)
