// What a flood of logins, ten times what the cores can hash, does to everybody else.
//
//   node bench/login-flood.ts [--seconds 60] [--times 10]

import { execFile } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs, promisify } from 'node:util'
import { defaultArgon2Parameters } from '../src/core/passwords/password-hash.ts'
import { logIn, users as userCount } from './flood.ts'
import { formatTable, type Quantiles, quantiles } from './quantiles.ts'
import { password, readMetric, residentMemoryOf, startServing, writeResult } from './serving.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    times: { type: 'string', default: '10' },
  },
})
const seconds = Number(values.seconds)
const times = Number(values.times)
const mebibyte = 1024 * 1024

interface Flood {
  readonly rate: number
  readonly skipped: number
  readonly answers: Readonly<Record<string, Quantiles>>
}

/** An API that asks whether tokens are good. */
let secret = ''
const server = await startServing(async ({ users, clients, passwords }) => {
  secret = await clients.register({ id: 'api', confidential: true })
  const passwordHash = await passwords.hash(password)
  for (let user = 0; user < userCount; user++) {
    await users.create({ username: `user-${user}`, passwordHash })
  }
})
const loopDelay = 'nodejs_eventloop_lag_p99_seconds'
const metric = (name: string, labels?: string): Promise<number> =>
  readMetric(server.metricsUrl, name, labels)
/** Sources and names that nobody else in this file uses. */
let logins = 1 << 22

/** What must stay fast: a guarded request, the keys, the metadata and introspection. */
const probed: Readonly<Record<string, (token: string) => readonly [string, RequestInit?]>> = {
  me: (token) => ['/me', { headers: { authorization: `Bearer ${token}` } }],
  jwks: () => ['/.well-known/jwks.json'],
  metadata: () => ['/.well-known/oauth-authorization-server'],
  introspection: (token) => [
    '/auth/introspect',
    {
      method: 'POST',
      body: new URLSearchParams({ token, client_id: 'api', client_secret: secret }),
    },
  ],
}

/** Asks one request after another, a few milliseconds apart, until it is told to stop. */
async function probe(path: string, init: RequestInit = {}, stop: AbortSignal): Promise<Quantiles> {
  const durations: number[] = []
  while (!stop.aborted) {
    const began = performance.now()
    const response = await fetch(server.url + path, init)
    await response.text()
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}.`)
    durations.push(performance.now() - began)
    await setTimeout(10)
  }
  return quantiles(durations)
}

/** The probes, the memory, and the delays of the event loop, while something goes on. */
async function observe<T>(begin: () => Promise<T>) {
  const stop = new AbortController()
  // What is told of the event loop counts from the last time that somebody asked.
  await metric(loopDelay)
  const during = begin()
  const probes = Object.entries(probed).map(async ([name, request]) => {
    const [path, init] = request(token)
    return [name, await probe(path, init, stop.signal)] as const
  })
  let memory = 0
  const watching = (async () => {
    while (!stop.signal.aborted) {
      memory = Math.max(memory, residentMemoryOf(server.pid))
      await setTimeout(250)
    }
  })()
  const result = await during
  const loopLag = await metric(loopDelay)
  stop.abort()
  const times = Object.fromEntries(await Promise.all(probes))
  await watching
  return { result, times, memory, loopLag }
}

/** A login of a user, and how long it took. */
async function timeLogin(): Promise<number> {
  const began = performance.now()
  const status = await logIn(server.url, logins++, false)
  const duration = performance.now() - began
  return status === 200 ? duration : Number.POSITIVE_INFINITY
}

/** Logins a second that are answered when there are always some waiting. */
async function measureCapacity(): Promise<number> {
  const until = performance.now() + 3000
  let done = 0
  const lane = async (): Promise<void> => {
    for (; performance.now() < until; done++) await timeLogin()
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  return Math.round(done / 3)
}

const body = new URLSearchParams({ username: 'user-0', password })
const answer = await fetch(`${server.url}/auth/token`, { method: 'POST', body })
const { access_token: token } = (await answer.json()) as { readonly access_token: string }
try {
  const capacity = await measureCapacity()
  const normal: number[] = []
  for (let login = 0; login < 30; login++) normal.push(await timeLogin())
  const usual = quantiles(normal)
  const idle = await observe(() => setTimeout(5000))

  const script = join(import.meta.dirname, 'flood.ts')
  const words = [script, server.url, String(times * capacity), String(seconds)]
  const flooded = await observe(() => promisify(execFile)(process.execPath, words))
  const endedAt = performance.now()
  const flood: Flood = JSON.parse(flooded.result.stdout)

  // Normal again: three logins in a row that take no longer than nearly all did before.
  let recovery = 0
  for (let inRow = 0; inRow < 3; ) {
    inRow = (await timeLogin()) <= 1.5 * usual.p99 ? inRow + 1 : 0
    if (inRow === 1) recovery = performance.now() - endedAt
  }
  const peak = await metric('portcullis_hash_jobs_running_peak')
  const hashMemory = (peak * defaultArgon2Parameters.memory) / 1024
  const memory = {
    idle: idle.memory / mebibyte,
    flooded: flooded.memory / mebibyte,
    beyondHashes: (flooded.memory - idle.memory) / mebibyte - hashMemory,
  }
  const ms = (duration = Number.NaN): string => `${duration.toFixed(1)} ms`
  const row = (name: string, times?: Quantiles): string[] => [
    name,
    times ? `${times.count}, half within ${ms(times.p50)}, 99 % within ${ms(times.p99)}` : 'none',
  ]
  console.log(
    formatTable([
      ['', `${seconds} s at ${flood.rate} logins a second, ${capacity} can be hashed`],
      ['cores', availableParallelism()],
      ['hashes at the same time, at most', peak],
      ['memory, idle', `${memory.idle.toFixed(0)} MiB`],
      ['memory, flooded', `${memory.flooded.toFixed(0)} MiB`],
      ['more, besides that of hashes', `${memory.beyondHashes.toFixed(0)} MiB`],
      ...Object.keys(probed).flatMap((name) => [
        row(`${name}, idle`, idle.times[name]),
        row(`${name}, flooded`, flooded.times[name]),
      ]),
      ['event loop, 99 % of delays (10 ms when idle)', ms(1000 * flooded.loopLag)],
      ...Object.entries(flood.answers).map(([status, each]) =>
        row(status === '0' ? 'no answer' : `answered ${status}`, each),
      ),
      ['not sent, for want of sockets', flood.skipped],
      row('login before', usual),
      ['normal logins again after', ms(recovery)],
    ]),
  )
  const { result: _output, ...during } = flooded
  const { result: _nothing, ...before } = idle
  const cores = availableParallelism()
  const rate = { capacity, ...flood }
  writeResult('login-flood', { cores, rate, peak, memory, before, during, usual, recovery })
} finally {
  await server.stop()
}
process.exit()
