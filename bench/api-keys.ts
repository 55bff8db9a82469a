// What a request with an API key takes, beside one with a JWT: `GET /me` of the ready server on SQLite, in one process and
// without sockets, so that all that differs is the guard. A JWT was seen before, as most are.
//
//   ROUNDS=200 node bench/api-keys.ts
//
// Short batches in turn, in processor time; the least time of a batch is the one that other work of the machine has
// touched least.

import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGuards } from '../src/http/guards/guards.ts'
import { buildApp } from '../src/server/app.ts'
import { sqlite } from '../src/stores/sqlite/sqlite.ts'
import { createTestAuth } from '../src/testing/test-auth.ts'
import { formatTable } from './quantiles.ts'

const { ROUNDS = '200', USERS = '500' } = process.env
const batch = 200
const password = 'seven quiet otters juggle'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
const auth = await createTestAuth({ store: sqlite(join(directory, 'bench.db')), apiKeys: true })
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
const ways: Readonly<Record<string, (token: string) => Promise<unknown>>> = {
  'a request': async (token) => {
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

for (let round = -20; round < Number(ROUNDS); round++) {
  for (const each of contestants) {
    const began = process.cpuUsage()
    for (let done = 0; done < batch; done++) {
      await each.ask(each.tokens[each.next++ % each.tokens.length] ?? '')
    }
    const { user, system } = process.cpuUsage(began)
    if (round >= 0) each.taken.push((user + system) / batch)
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
await app.close()
await auth.close()
rmSync(directory, { recursive: true, force: true })
