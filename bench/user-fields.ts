// What own fields of a user cost a guarded request: a kilobyte of them against none, with the row read from the
// database and with the answer that the process keeps, on SQLite and on PostgreSQL (if it starts here).
//
//   node bench/user-fields.ts

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuth } from '../src/core/auth.ts'
import { createAccessToken } from '../src/core/create-access-token.ts'
import type { Store } from '../src/core/store.ts'
import { createGuards } from '../src/http/guards/guards.ts'
import { postgres } from '../src/stores/postgres/postgres.ts'
import { sqlite } from '../src/stores/sqlite/sqlite.ts'
import { cheapHashing } from '../src/testing/test-auth.ts'
import { startPostgres } from '../test/stores/postgres-server.ts'

const rounds = 15
const perRound = 2000

/** Some thirty members of text, numbers and lists, about a kilobyte of JSON. */
const kilobyte = Object.fromEntries(
  Array.from({ length: 19 }, (_, at) => [
    `member${at}`,
    { name: `value ${at} of some`, list: [at, true] },
  ]),
)

async function measure(name: string, store: Store): Promise<void> {
  const auth = await createAuth({
    ...{ store, passwordHash: cheapHashing, keyEncryptionKey: Buffer.alloc(32, 1) },
  })
  const { activeUser } = createGuards(auth)
  const ways = []
  for (const [about, fields] of Object.entries({ '1 KB': kilobyte, none: {} })) {
    const { id } = await auth.users.create({
      username: about.replace(' ', ''),
      password: null,
      fields,
    })
    const other = await auth.users.create({
      username: `${about.replace(' ', '')}x`,
      password: null,
    })
    const headers = { authorization: `Bearer ${await createAccessToken(auth, id)}` }
    ways.push(
      { name: `${name}, kept, ${about}`, id: null, headers, taken: [] as number[] },
      { name: `${name}, read, ${about}`, id: other.id, headers, taken: [] as number[] },
    )
  }
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) {
      const times = way.id === null ? perRound : perRound / 20
      let sum = 0
      for (let done = 0; done < times; done++) {
        // A change of anybody makes SQLite read the row again.
        if (way.id !== null) await auth.users.endSessions(way.id)
        const startedAt = performance.now()
        await activeUser({ headers: way.headers })
        sum += performance.now() - startedAt
      }
      way.taken.push((sum * 1000) / times)
    }
  }
  for (const { name, taken } of ways) {
    const median = taken.sort((a, b) => a - b)[Math.floor(taken.length / 2)] ?? 0
    console.log(`${name.padEnd(28)} ${median.toFixed(2).padStart(8)} µs`)
  }
  await auth.close()
}

console.log(`${JSON.stringify(kilobyte).length} bytes of JSON`)
const directory = mkdtempSync(join(tmpdir(), 'portcullis-fields-'))
try {
  await measure('SQLite', sqlite(join(directory, 'app.db')))
  const server = await startPostgres()
  try {
    await measure('PostgreSQL', postgres(await server.createDatabase('fields')))
  } finally {
    await server.remove()
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
