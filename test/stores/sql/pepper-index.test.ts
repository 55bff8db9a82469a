// That a start finds the peppers of any number of users by a few looks at an index.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { type CompiledQuery, type Dialect, Kysely } from 'kysely'
import { readPepperIds } from '../../../src/stores/sql/pepper-index.ts'
import type { Schema } from '../../../src/stores/sql/schema.ts'
import { nodeSqliteDialect } from '../../../src/stores/sqlite/driver.ts'
import {
  type BareDatabase,
  postgresDatabase,
  postgresDialect,
  sqliteDatabase,
} from '../bare-database.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-peppers-'))
const { server, skip } = await startPostgresOrSkip()
after(async () => {
  await server?.remove()
  rmSync(directory, { recursive: true, force: true })
})

const userCount = 20_000
/** Half of the users under one pepper, a few under another, the rest under none. */
const manyUsers = `
  with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${userCount})
  insert into users (id, username, role, active, created_at, security_stamp, password_hash)
  select 'id' || n, 'user' || n, 'member', 1, 0, 'stamp', '$argon2id$v=19$m=19456,t=2,p=1'
    || case when n < 4 then ',keyid=aaaaaaaa' when n % 2 = 0 then ',keyid=bbbbbbbb' else '' end
    || '$c2FsdHNhbHQ$aGFzaGhhc2g'
  from numbers`

for (const [name, create, dialectOf, explain, skipped] of [
  [
    'SQLite',
    async () => sqliteDatabase(join(directory, 'many.db')),
    ({ address }) => nodeSqliteDialect(new DatabaseSync(address)),
    'explain query plan',
    false,
  ],
  [
    'PostgreSQL',
    async () => postgresDatabase((await server?.createDatabase('peppers')) ?? ''),
    ({ address }) => postgresDialect(address),
    'explain',
    skip,
  ],
] as const satisfies readonly (readonly [
  string,
  () => Promise<BareDatabase>,
  (database: BareDatabase) => Dialect,
  string,
  string | false,
])[]) {
  test(`on ${name} the peppers of many users are read from an index (PW-11)`, {
    skip: skipped,
  }, async () => {
    const database = await create()
    const store = database.store()
    await store.open()
    await store.close()
    await database.run(manyUsers)
    await database.run('analyze')
    const queries: CompiledQuery[] = []
    const db = new Kysely<Schema>({
      dialect: dialectOf(database),
      log: ({ query }) => void queries.push(query),
    })
    try {
      assert.deepEqual(await readPepperIds(db), ['aaaaaaaa', 'bbbbbbbb'])
      assert.equal(queries.length, 3, 'one for each, and one that finds no more')
      for (const query of [...queries]) {
        const { rows } = await db.executeQuery<object>({
          ...query,
          sql: `${explain} ${query.sql}`,
        })
        const plan = JSON.stringify(rows)
        assert.match(
          plan,
          /using (covering )?index users_peppered|index scan using users_peppered/i,
        )
        assert.doesNotMatch(plan, /scan users|seq scan|sort|temp b-tree/i)
      }
    } finally {
      await db.destroy()
    }
  })
}
