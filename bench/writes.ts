// What logins, refreshes and log-outs ask of PostgreSQL: statements, transactions that write, bytes of its log,
// and how many new versions of a session's row needed no index (HOT):
//
//   node bench/writes.ts [--sessions 200000] [--times 2000]

import { parseArgs } from 'node:util'
import pg from 'pg'
import { createAuth } from '../src/core/auth.ts'
import { createRefreshTokens } from '../src/core/sessions/refresh-token.ts'
import type { UserRecord } from '../src/core/users/user-store.ts'
import { buildApp } from '../src/server/app.ts'
import { issuer, password, passwordHash, secretKey } from './compare/fixture.ts'
import { createDatabase } from './database.ts'
import { fillSessions, fillUsers } from './fill.ts'
import { formatTable } from './quantiles.ts'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '200000' },
    times: { type: 'string', default: '2000' },
  },
})
const sessions = Number(values.sessions)
const times = Number(values.times)
const logins = Math.min(times, 200)

let statements = 0
const { query } = pg.Client.prototype
pg.Client.prototype.query = function (this: pg.Client, ...parameters: unknown[]) {
  const [asked] = parameters
  const text = typeof asked === 'string' ? asked : String((asked as pg.QueryConfig).text)
  // The cache asks for news beside the requests.
  if (!/^(un)?listen|pg_notify|^$/.test(text)) statements++
  return Reflect.apply(query, this, parameters)
} as typeof query

const database = await createDatabase('postgres')
const users: UserRecord[] = []
await fillUsers(database, users, Math.ceil(sessions / 10), Math.ceil(sessions / 10))
await fillSessions(database, users, { from: 0, to: sessions, of: sessions })
await database.settle()
const auth = await createAuth({ store: database.createStore(), issuer, secretKey })
const names = Array.from({ length: logins }, (_, index) => `visitor${index}`)
for (const username of names) await auth.users.create({ username, passwordHash })
const app = await buildApp({ auth, prune: false })

interface Request {
  readonly path?: string
  readonly form: Readonly<Record<string, string>>
  readonly status?: number
  readonly from?: string
}

async function send({ path = 'token', form, status = 200, from = '192.0.2.1' }: Request) {
  const answer = await app.inject({
    ...{ method: 'POST', url: `/auth/${path}`, remoteAddress: from },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(form).toString(),
  })
  if (answer.statusCode !== status) throw new Error(`${answer.statusCode}: ${answer.body}`)
  return answer.body === '' ? {} : answer.json()
}

interface State {
  readonly lsn: string
  readonly xid: string
  readonly upd: string
  readonly hot: string
}

/** Where the log and the counts of the server are. What a connection has counted is there a second later. */
async function state(): Promise<State> {
  await new Promise((resolve) => setTimeout(resolve, 1500))
  const [row] = await database.ask(`select pg_current_wal_insert_lsn() - '0/0' as lsn,
    pg_snapshot_xmax(pg_current_snapshot()) as xid, n_tup_upd as upd, n_tup_hot_upd as hot
    from pg_stat_user_tables where relname = 'sessions'`)
  return row as unknown as State
}

const rows: string[][] = [
  ['', 'statements', 'transactions that write', 'WAL bytes', 'updates of sessions', 'HOT'],
]

async function measure(name: string, requests: readonly Request[]): Promise<unknown[]> {
  const answers: unknown[] = []
  const before = await state()
  statements = 0
  for (const request of requests) answers.push(await send(request))
  const asked = statements
  const after = await state()
  const grown = (key: keyof State): number => Number(after[key]) - Number(before[key])
  const each = (amount: number, digits: number): string =>
    (amount / requests.length).toFixed(digits)
  const hot = grown('upd') === 0 ? '' : `${((100 * grown('hot')) / grown('upd')).toFixed(1)} %`
  rows.push([
    ...[name, each(asked, 1), each(grown('xid'), 1), each(grown('lsn'), 0)],
    ...[each(grown('upd'), 1), hot],
  ])
  return answers
}

const login = (username: string, typed = password): Request => ({
  form: { username, password: typed },
  from: `198.51.100.${Number(username.slice(7)) % 250}`,
})
await measure(
  'login from a new address',
  names.map((name) => login(name)),
)
const opened = await measure(
  'login',
  names.map((name) => login(name)),
)
await measure(
  'wrong password',
  names.map((name) => ({ ...login(name, 'wrong'), status: 401 })),
)

const refreshTokens = createRefreshTokens(new TextEncoder().encode(secretKey))
const found = await database.ask(
  `select id, generation from sessions where created_at < extract(epoch from now()) - 3600
    order by random() limit ${times}`,
)
const refreshes = (later: number): readonly Request[] =>
  found.map(({ id, generation }) => ({
    form: {
      grant_type: 'refresh_token',
      refresh_token: refreshTokens.format(String(id), Number(generation) + later),
    },
  }))
await measure('refresh', refreshes(0))
await database.ask('checkpoint')
await measure('refresh after a checkpoint', refreshes(1))
for (let more = 2; more < 6; more++) await measure('refresh, once more', refreshes(more))
await measure(
  'log-out',
  opened.map((answer) => ({
    path: 'revoke',
    form: { token: (answer as { refresh_token: string }).refresh_token },
  })),
)
console.log(`${database.version}, ${sessions} sessions\n\n${formatTable(rows)}`)
await app.close()
await auth.close()
await database.remove()
process.exit()
