// What a request with an API key takes, beside one with a JWT: `GET /me` of the ready server on SQLite. A JWT was seen
// before, as most are. Once over HTTP, where the server is a process of its own and its processor time counts; and once
// in one process and without sockets, so that all that differs is the guard.
//
//   ROUNDS=200 node bench/api-keys.ts
//
// Short batches in turn, in processor time; the least time of a batch is the one that other work of the machine has
// touched least.

import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGuards } from '../src/http/guards/guards.ts'
import { buildApp } from '../src/server/app.ts'
import { sqlite } from '../src/stores/sqlite/sqlite.ts'
import { createTestAuth } from '../src/testing/test-auth.ts'
import { createTestClock } from '../src/testing/test-clock.ts'
import { ours } from './compare/contestants.ts'
import { startServer } from './compare/processes.ts'
import { formatTable } from './quantiles.ts'

const { ROUNDS = '200', USERS = '500' } = process.env
const batch = 200
const password = 'seven quiet otters juggle'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
const secretKey = 'b7e1f0a2c3d4958677869504a3b2c1d0'
const auth = await createTestAuth({
  ...{ store: sqlite(join(directory, 'portcullis.db')), apiKeys: true, secretKey },
  // The clock of the server.
  ...{ issuer: 'http://localhost:8000', clock: createTestClock(Math.floor(Date.now() / 1000)) },
  accessTokenLifetime: 60 * 60,
})
const app = await buildApp({ auth, prune: false, logger: false })

const sent: Record<'JWT' | 'API key', string[]> = { JWT: [], 'API key': [] }
for (let made = 0; made < Number(USERS); made++) {
  const { id: userId, username } = await auth.users.create({ username: `user${made}`, password })
  const login = await app.inject({
    ...{ method: 'POST', url: '/auth/token' },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ username, password }).toString(),
  })
  sent.JWT.push(login.json().access_token)
  const key = await auth.apiKeys?.create({ userId, name: 'bench', scopes: [] })
  sent['API key'].push(key?.key ?? '')
}

const { activeUser } = createGuards(auth)
const server = await startServer(
  ours({
    ...{ HOST: '127.0.0.1', PORT: '0', ISSUER: auth.issuer, DATA_DIR: directory },
    ...{ SECRET_KEY: secretKey, API_KEYS: 'true', LOG_LEVEL: 'error' },
  }),
  'server',
)
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

/** The body of an answer. */
function ask(path: string, token?: string): Promise<string> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return new Promise((resolve, reject) => {
    get(`${server.url}${path}`, { agent, headers }, async (answer) => {
      let body = ''
      for await (const chunk of answer.setEncoding('utf8')) body += chunk
      if (answer.statusCode === 200) resolve(body)
      else reject(new Error(`GET ${path} was answered with ${answer.statusCode}.`))
    }).on('error', reject)
  })
}

const overHttp = 'a request over HTTP'
const ways: Readonly<Record<string, (token: string) => Promise<unknown>>> = {
  [overHttp]: (token) => ask('/me', token),
  'a request without sockets': async (token) => {
    const headers = { authorization: `Bearer ${token}` }
    const { statusCode } = await app.inject({ url: '/me', headers })
    if (statusCode !== 200) throw new Error(`GET /me was answered with ${statusCode}.`)
  },
  'the guard alone': (token) => activeUser({ headers: { authorization: `Bearer ${token}` } }),
}
const contestants = Object.entries(ways).flatMap(([way, ask]) =>
  Object.entries(sent).map(([kind, tokens]) => ({
    ...{ way, kind, ask, tokens },
    ...{ next: 0, taken: [] as number[] },
  })),
)

/** Microseconds of the process that does the work. */
async function timeOf(way: string): Promise<number> {
  const { user, system }: NodeJS.CpuUsage =
    way === overHttp ? JSON.parse(await ask('/cpu')) : process.cpuUsage()
  return user + system
}

for (let round = -20; round < Number(ROUNDS); round++) {
  for (const each of contestants) {
    const began = await timeOf(each.way)
    for (let done = 0; done < batch; done++) {
      await each.ask(each.tokens[each.next++ % each.tokens.length] ?? '')
    }
    if (round >= 0) each.taken.push(((await timeOf(each.way)) - began) / batch)
  }
}

const shareOf = (taken: readonly number[], share: number): number =>
  taken.toSorted((a, b) => a - b)[Math.floor(share * taken.length)] ?? 0
const rows = contestants.map(({ way, kind, taken }) => {
  const jwt = contestants.find((each) => each.way === way && each.kind === 'JWT')?.taken ?? []
  const figures = [0, 0.1, 0.5].map((share) => shareOf(taken, share))
  const ratio = shareOf(taken, 0.5) / shareOf(jwt, 0.5)
  return [`${way}, ${kind}`, ...figures.map((each) => each.toFixed(1)), `${ratio.toFixed(2)} x`]
})
console.log(
  formatTable([['µs of processor time', 'least', '10 %', 'median', 'median, of JWT'], ...rows]),
)
console.log(`Load of the machine at the end: ${loadavg()[0]?.toFixed(1)}`)
agent.destroy()
await server.stop()
await app.close()
await auth.close()
rmSync(directory, { recursive: true, force: true })
