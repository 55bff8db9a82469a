// What the one read of a guarded request costs, from the database and from the cache of the process: on
// SQLite, which is asked by `PRAGMA data_version` whether anybody has written, and on PostgreSQL (if it
// starts here).
//
//   node bench/subject-read.ts

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import type { Store } from '../src/core/store.ts'
import { aSession, aUser } from '../src/stores/contract/records.ts'
import { postgres } from '../src/stores/postgres/postgres.ts'
import { sqlite } from '../src/stores/sqlite/sqlite.ts'
import { startPostgres } from '../test/stores/postgres-server.ts'

const users = 1000
type Ids = readonly [userId: string, sessionId: string]

async function fill(store: Store): Promise<readonly Ids[]> {
  await store.open()
  const ids: Ids[] = []
  for (let made = 0; made < users; made++) {
    const user = aUser()
    const session = aSession(user)
    await store.users.create(user)
    await store.sessions.create(session)
    ids.push([user.id, session.id])
  }
  return ids
}

/** Measures each way in turn, several times over, and prints the median of each. */
async function compare(ways: Readonly<Record<string, () => unknown>>, times: number) {
  const results = Object.entries(ways).map(([name, read]) => ({
    name,
    read,
    taken: [] as number[],
  }))
  for (let round = 0; round < 9; round++) {
    for (const { read, taken } of results) {
      const startedAt = performance.now()
      for (let done = 0; done < times; done++) {
        const answer = read()
        if (answer instanceof Promise) await answer
      }
      taken.push(((performance.now() - startedAt) * 1000) / times)
    }
  }
  for (const { name, taken } of results) {
    const median = taken.sort((a, b) => a - b)[Math.floor(taken.length / 2)] ?? 0
    console.log(`${name.padEnd(36)} ${median.toFixed(1).padStart(8)} µs`)
  }
}

function eachInTurn(ids: readonly Ids[], read: (...of: Ids) => unknown): () => unknown {
  let next = 0
  return () => read(...(ids[next++ % ids.length] ?? ['', '']))
}

async function measureSqlite(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
  const path = join(directory, 'bench.db')
  const store = sqlite(path)
  const ids = await fill(store)
  const reader = new DatabaseSync(path, { readOnly: true })
  const version = reader.prepare('pragma data_version')
  await compare(
    {
      // Of a session that does not exist nothing is kept.
      'SQLite, data_version and read': eachInTurn(ids, (user) => store.findSubject(user, 'none')),
      'SQLite, data_version and cache': eachInTurn(ids, (user, session) =>
        store.findSubject(user, session),
      ),
      'SQLite, data_version alone': () => version.get(),
    },
    50_000,
  )
  reader.close()
  await store.close()
  rmSync(directory, { recursive: true })
}

async function measurePostgres(): Promise<void> {
  const server = await startPostgres()
  const store = postgres(await server.createDatabase('bench'))
  const ids = await fill(store)
  await store.findSubject(...(ids[0] ?? ['', '']))
  // Until it has listened for long enough.
  await setTimeout(1000)
  await compare(
    {
      // Of a session that does not exist nothing is kept.
      'PostgreSQL, read': eachInTurn(ids, (user) => store.findSubject(user, 'none')),
      'PostgreSQL, cache': eachInTurn(ids, (user, session) => store.findSubject(user, session)),
    },
    2000,
  )
  await store.close()
  await server.remove()
}

await measureSqlite()
await measurePostgres()
