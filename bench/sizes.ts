// How large users and sessions are, and how long what a request costs takes with many of them:
// node bench/sizes.ts [--users 1000000] [--sessions 1000000] [--engine sqlite|postgres]

import { parseArgs } from 'node:util'
import { createAuth } from '../src/core/auth.ts'
import { internals } from '../src/core/internals.ts'
import { createRefreshTokens } from '../src/core/sessions/refresh-token.ts'
import type { UserRecord } from '../src/core/users/user-store.ts'
import { createDatabase, type Database, type EngineName, type Size } from './database.ts'
import { fillSessions, fillUsers } from './fill.ts'
import { formatTable, measure, type Quantiles } from './quantiles.ts'

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1000000' },
    sessions: { type: 'string', default: '1000000' },
    engine: { type: 'string' },
  },
})
const most = { users: Number(values.users), sessions: Number(values.sessions) }
const engines: readonly EngineName[] =
  values.engine === 'sqlite' || values.engine === 'postgres'
    ? [values.engine]
    : ['sqlite', 'postgres']
const largest = Math.max(most.users, most.sessions)
const levels = [...[1_000, 100_000].filter((level) => level < largest), largest]
const secretKey = 'b7e1f0a2c3d4958677869504a3b2c1d0'

async function run(database: Database): Promise<void> {
  const empty = await database.sizes()
  const users: UserRecord[] = []
  const sizeRows: string[][] = []
  const timeRows: string[][] = []
  let sessions = 0
  for (const level of levels) {
    const target = {
      users: Math.min(level, most.users),
      sessions: Math.min(level, most.sessions),
    }
    const began = performance.now()
    await fillUsers(database, users, target.users, most.users)
    await fillSessions(database, users, { from: sessions, to: target.sessions, of: most.sessions })
    sessions = target.sessions
    const seconds = (performance.now() - began) / 1000
    await database.settle()

    const sizes = await database.sizes()
    const each = (table: string, rows: number): string[] => {
      const bytes = (list: readonly Size[], isTable: boolean): number =>
        list
          .filter((size) => size.table === table && (size.name === table) === isTable)
          .reduce((sum, size) => sum + size.bytes, 0)
      const [rowBytes, indexBytes] = [true, false].map((isTable) =>
        Math.round((bytes(sizes, isTable) - bytes(empty, isTable)) / rows),
      )
      return [String(rowBytes), String(indexBytes)]
    }
    sizeRows.push([
      count(target.users),
      ...each('users', target.users),
      count(target.sessions),
      ...each('sessions', target.sessions),
      seconds.toFixed(1),
    ])
    timeRows.push([count(target.sessions), ...(await times(database, users))])
  }
  console.log(
    formatTable([
      [
        'users',
        'bytes each',
        'in indexes',
        'sessions',
        'bytes each',
        'in indexes',
        'seconds to fill',
      ],
      ...sizeRows,
    ]),
  )
  console.log('\nMilliseconds, one after another: half of them are faster / 99 of 100 are.\n')
  console.log(
    formatTable([
      ['sessions', 'guarded request', 'login, without the hash', 'refresh'],
      ...timeRows,
    ]),
  )
  console.log(
    `\n${formatTable([['table or index', 'MiB'], ...(await database.sizes()).filter(({ table }) => table in { users, sessions }).map(inMiB)])}`,
  )
}

/** What the requests of each kind ask of the store. */
async function times(database: Database, users: readonly UserRecord[]): Promise<string[]> {
  const auth = await createAuth({ store: database.createStore(), secretKey })
  const refreshTokens = createRefreshTokens(new TextEncoder().encode(secretKey))
  const rows = await database.ask(
    'select id, user_id, generation from sessions order by random() limit 6000',
  )
  const sessions = rows.map(({ id, user_id: userId, generation }) => ({
    id: String(id),
    userId: String(userId),
    refreshToken: refreshTokens.format(String(id), Number(generation)),
  }))
  const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T

  const read = (index: number): unknown => {
    const { userId, id } = at(sessions, index)
    return auth[internals].store.findSubject(userId, id)
  }
  // Connections and statements are warm then, and every answer is still read from the database.
  const half = Math.floor(sessions.length / 2)
  await measure(half, read)
  const guarded = await measure(half, (index) => read(half + index))
  const login = await measure(1000, async (index) => {
    const user = await auth[internals].store.users.findByUsername(at(users, index * 7919).username)
    if (user)
      await auth.sessions.open(user, { clientId: 'first-party', scopes: [], userAgent: browser })
  })
  const refresh = await measure(Math.min(1000, sessions.length), async (index) => {
    const { refreshToken } = at(sessions, index)
    await auth.sessions.find(refreshToken)
    const { session } = await auth.sessions.refresh(refreshToken, 'first-party')
    await auth[internals].store.users.findById(session.userId)
  })
  await auth.close()
  return [guarded, login, refresh].map(format)
}

const browser =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'

const format = ({ p50, p99 }: Quantiles): string => `${p50.toFixed(3)} / ${p99.toFixed(3)}`
const count = (number: number): string => number.toLocaleString('en')
const inMiB = ({ name, bytes }: Size): string[] => [name, (bytes / 1024 / 1024).toFixed(1)]

for (const engine of engines) {
  const database = await createDatabase(engine)
  console.log(`\n${database.version}, Node.js ${process.versions.node}\n`)
  try {
    await run(database)
  } finally {
    await database.remove()
  }
}
