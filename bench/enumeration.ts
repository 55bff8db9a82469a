// What somebody learns from failed logins about accounts: bytes, hashes, and time. Attempts of all kinds
// take turns; each is of its own account, but for the throttled ones, and comes from a source of its own, but
// for the shared ones: their address waits, and the accounts are known there.
//
//   node bench/enumeration.ts [--attempts 1000] [--cost 12]

import { request } from 'node:http'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import * as bcrypt from '@node-rs/bcrypt'
import type { Auth } from '../src/core/auth.ts'
import { internals } from '../src/core/internals.ts'
import { compare, median } from './difference.ts'
import { formatTable, quantiles } from './quantiles.ts'
import { password, readMetric, sourceOf, startServing, writeResult } from './serving.ts'

const { values } = parseArgs({
  options: {
    attempts: { type: 'string', default: '1000' },
    cost: { type: 'string', default: '12' },
  },
})
const attempts = Number(values.attempts)
/** Of bcrypt. */
const cost = Number(values.cost)

/** The kinds of accounts, in pairs with what they must be like. */
const kinds = [
  'unknown',
  'wrong',
  'inactive',
  'imported',
  'throttled',
  'throttled-unknown',
  'shared',
  'shared-unknown',
] as const
type Kind = (typeof kinds)[number]
const likeness: Readonly<Partial<Record<Kind, Kind>>> = {
  wrong: 'unknown',
  inactive: 'unknown',
  imported: 'unknown',
  throttled: 'throttled-unknown',
  shared: 'shared-unknown',
}
const isThrottled = (kind: Kind): boolean => kind.startsWith('throttled')
const nameOf = (kind: Kind, attempt: number): string =>
  isThrottled(kind) ? kind : `${kind}-${attempt}`

const isShared = (kind: Kind): boolean => kind.startsWith('shared')
const sharedAddress = '192.0.2.77'

/** A clock that goes up to the present. */
let behind = 2 * 60 * 60
const clock = (): number => Math.floor(Date.now() / 1000) - behind

async function fill(auth: Auth): Promise<void> {
  const passwordHash = await auth.passwords.hash(password)
  const importedHash = await bcrypt.hash(password, cost)
  for (let attempt = 0; attempt < attempts; attempt++) {
    await auth.users.create({ username: nameOf('wrong', attempt), passwordHash })
    const { id } = await auth.users.create({
      username: nameOf('inactive', attempt),
      passwordHash,
    })
    await auth.users.deactivate(id)
    const username = nameOf('imported', attempt)
    await auth.users.create({ username, passwordHash: importedHash })
  }
  await auth.users.create({ username: 'throttled', passwordHash })
  // Until each failure makes them wait for a quarter of an hour.
  const failures = 18
  const free = 50
  behind = failures * 900
  const address = sharedAddress
  for (let attempt = 0; attempt < attempts; attempt++) {
    const username = nameOf('shared', attempt)
    await auth.users.create({ username, passwordHash })
    await auth[internals].login.authenticate({ username, password, address })
  }
  for (let name = 0; name < free; name++) {
    await auth[internals].login.authenticate({
      username: `free-${name}`,
      password: 'wrong',
      address,
    })
  }
  for (let failure = 0; failure < failures; failure++) {
    behind = (failures - 1 - failure) * 900
    for (const username of ['throttled', 'throttled-unknown']) {
      await auth[internals].login.authenticate({
        username,
        password: 'wrong',
        address: sourceOf(failure),
      })
    }
    await auth[internals].login.authenticate({
      username: `late-${failure}`,
      password: 'wrong',
      address,
    })
  }
}

interface Answer {
  /** All that a client sees, but for the date, and for the seconds that are left. */
  readonly bytes: string
  readonly milliseconds: number
}

let sources = 1 << 16

function logIn(url: string, username: string, address: string): Promise<Answer> {
  const body = new URLSearchParams({ username, password: 'wrong' }).toString()
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    'x-forwarded-for': address,
  }
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const sent = request(`${url}/auth/token`, { method: 'POST', headers }, async (response) => {
      const text = (await response.toArray()).join('')
      const milliseconds = performance.now() - began
      const { date: _now, 'retry-after': wait, ...seen } = response.headers
      const shown = { status: response.statusCode, ...seen, waits: wait !== undefined }
      resolve({ bytes: JSON.stringify([shown, text]), milliseconds })
    })
    sent.on('error', reject).end(body)
  })
}

const server = await startServing(fill, { clock })
const times = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]))
const bytes = new Map<Kind, Set<string>>(kinds.map((kind) => [kind, new Set()]))
const hashes = new Map<Kind, Set<number>>(kinds.map((kind) => [kind, new Set()]))
const countHashes = (): Promise<number> =>
  readMetric(server.metricsUrl, 'portcullis_hash_duration_seconds_count')
try {
  // By now the server has learned how long the hashes take, which it does when it listens.
  for (let last = -1; last !== (await countHashes()); ) {
    last = await countHashes()
    await new Promise((resolve) => setTimeout(resolve, 2000))
  }
  for (let attempt = 0; attempt < attempts; attempt++) {
    // In another order each time: nothing comes always after the same.
    for (const kind of kinds.toSorted(() => Math.random() - 0.5)) {
      const counts = attempt < 20
      const before = counts ? await countHashes() : 0
      const address = isShared(kind) ? sharedAddress : sourceOf(sources++)
      const answer = await logIn(server.url, nameOf(kind, attempt), address)
      times.get(kind)?.push(answer.milliseconds)
      bytes.get(kind)?.add(answer.bytes)
      if (counts) hashes.get(kind)?.add((await countHashes()) - before)
    }
  }
} finally {
  await server.stop()
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
const results = kinds.map((kind) => {
  const like = likeness[kind]
  const own = times.get(kind) ?? []
  const others = like && times.get(like)
  return {
    kind,
    like,
    milliseconds: { ...quantiles(own), median: median(own) },
    hashes: [...(hashes.get(kind) ?? [])],
    // Throttled names are asked for once in a quarter of an hour, and then answered as others are.
    equalBytes: like && isDeepStrictEqual(bytes.get(kind), bytes.get(like)),
    difference: others && compare(own, others),
  }
})
console.log(
  formatTable([
    ['account', 'median, ms', 'p99, ms', 'hashes', 'like', 'bytes', 'medians', '95 %', 'p'],
    ...results.map(({ kind, like = '', milliseconds, hashes, equalBytes, difference }) => [
      kind,
      milliseconds.median.toFixed(2),
      milliseconds.p99.toFixed(2),
      hashes.join(', '),
      like,
      equalBytes === undefined ? '' : equalBytes ? 'equal' : 'DIFFERENT',
      difference ? percent(difference.ofMedians) : '',
      difference ? difference.confidence.map(percent).join(' to ') : '',
      difference ? difference.mannWhitney.toFixed(3) : '',
    ]),
  ]),
)
writeResult('enumeration', { attempts, bcryptCost: cost, results })
const tolerance = 0.03
const isAlike = results.every(
  ({ equalBytes = true, difference }) =>
    equalBytes && Math.abs(difference?.ofMedians ?? 0) <= tolerance,
)
console.log(isAlike ? 'Nothing to be told apart by.' : 'There is something to be told apart by.')
process.exitCode = isAlike ? 0 : 1
