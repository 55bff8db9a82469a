// That what is asked of addresses, one-time tokens, mails and notices of log-outs reads an index, however many rows there are.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { type CompiledQuery, type Dialect, Kysely } from 'kysely'
import { aMail } from '../../../src/stores/contract/records.ts'
import type { Engine } from '../../../src/stores/sql/engine.ts'
import { createLogoutNoticeStore } from '../../../src/stores/sql/logout-notices.ts'
import { createOneTimeTokenStore } from '../../../src/stores/sql/one-time-tokens.ts'
import { createOutboxStore } from '../../../src/stores/sql/outbox.ts'
import type { Schema } from '../../../src/stores/sql/schema.ts'
import { createUserStore } from '../../../src/stores/sql/users.ts'
import { nodeSqliteDialect } from '../../../src/stores/sqlite/driver.ts'
import {
  type BareDatabase,
  postgresDatabase,
  postgresDialect,
  sqliteDatabase,
} from '../bare-database.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

const directory = mkdtempSync(join(tmpdir(), 'portcullis-account-indexes-'))
const { server, skip } = await startPostgresOrSkip()
after(async () => {
  await server?.remove()
  rmSync(directory, { recursive: true, force: true })
})

/** So many that a planner has a reason to use an index. Few users have an address, few mails wait. */
const manyRows = (table: string, columns: string, values: string): string => `
  with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 20000)
  insert into ${table} (${columns}) select ${values} from numbers`

const rows = [
  manyRows(
    'users',
    'id, username, role, active, created_at, security_stamp, email_key, email_verified_at, delete_at',
    `'id' || n, 'user' || n, 'member', 1, 0, 'stamp', 'user' || n || '@example.com',
      case when n % 3 = 0 then 1 end, case when n % 100 = 0 then n end`,
  ),
  manyRows(
    'one_time_tokens',
    'digest, kind, subject, address_digest, payload, tries, created_at, expires_at',
    `'digest' || n, case when n % 2 = 0 then 'invitation' else 'registration' end, 'subject' || n,
      'address' || n, 'payload', 0, 0, n`,
  ),
  manyRows(
    'mail_outbox',
    'id, kind, recipient, coalesce_key, payload, created_at, due_at, expires_at, state, attempts',
    `'mail' || n, 'new_login', '', 'key' || n, '', n, n, n + 10,
      case when n % 100 = 0 then 'waiting' when n % 1000 = 1 then 'failed' else 'sent' end, 0`,
  ),
  manyRows(
    'logout_notices',
    'session_id, client_id, user_id, created_at, due_at, attempts',
    `'session' || n, 'client', 'user', n, n, 0`,
  ),
  'analyze',
]

type Tokens = ReturnType<typeof createOneTimeTokenStore>
type Outbox = ReturnType<typeof createOutboxStore>
type Notices = ReturnType<typeof createLogoutNoticeStore>
type Users = ReturnType<typeof createUserStore>

/** What is asked, and the index that answers it. */
const questions: readonly (readonly [
  index: string,
  ask: (stores: { tokens: Tokens; outbox: Outbox; users: Users; notices: Notices }) => unknown,
])[] = [
  ['users_by_email', ({ users }) => users.findByEmail('user3@example.com')],
  ['users_by_delete_at', ({ users }) => users.dueForDeletion(300, 2)],
  ['one_time_tokens_by_address', ({ tokens }) => tokens.findByAddress('invitation', 'address2', 0)],
  ['one_time_tokens_by_subject', ({ tokens }) => tokens.findBySubject('invitation', 'subject2', 0)],
  ['one_time_tokens_by_subject', ({ tokens }) => tokens.countTry('invitation', 'subject2', 5, 0)],
  [
    'one_time_tokens_by_subject',
    ({ tokens }) => tokens.list({ kind: 'invitation', after: 'subject5', limit: 10 }),
  ],
  ['one_time_tokens_by_expires_at', ({ tokens }) => tokens.prune(100, 10)],
  ['mail_outbox_waiting', ({ outbox }) => outbox.claim(205, 300, 5)],
  ['mail_outbox_waiting', ({ outbox }) => outbox.expire(220, 5)],
  ['mail_outbox_by_created_at', ({ outbox }) => outbox.prune(100, 10)],
  ['mail_outbox_by_coalesce_key', ({ outbox }) => outbox.add(aMail({ coalesceKey: 'key7' }), 0)],
  ['mail_outbox_(waiting|failed)', ({ outbox }) => outbox.counts()],
  [
    'logout_notices_by_due_at',
    ({ notices }) => notices.claim({ now: 300, until: 400, limit: 5, without: ['other'] }),
  ],
]

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
    async () => postgresDatabase((await server?.createDatabase('indexes')) ?? ''),
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
  test(`on ${name} what is asked of addresses, tokens, mails and notices reads an index`, {
    skip: skipped,
  }, async () => {
    const database = await create()
    const store = database.store()
    await store.open()
    await store.close()
    for (const statement of rows) await database.run(statement)
    const queries: CompiledQuery[] = []
    const db = new Kysely<Schema>({
      dialect: dialectOf(database),
      log: ({ query }) => void queries.push(query),
    })
    // The parts of an engine that these stores have to do with.
    const engine = {
      ...{ db, scans: db, locksRows: name === 'PostgreSQL', isUniqueViolation: () => false },
      prepareRead: (query: CompiledQuery) => async (parameter: string) =>
        (await db.executeQuery({ ...query, parameters: [parameter] })).rows[0],
      inTurn: (_name: string, change: (connection: typeof db) => unknown) => change(db),
    } as unknown as Engine
    const stores = {
      tokens: createOneTimeTokenStore(engine),
      outbox: createOutboxStore(engine),
      notices: createLogoutNoticeStore(engine),
      users: createUserStore(engine),
    }
    try {
      for (const [index, ask] of questions) {
        queries.length = 0
        await ask(stores)
        assert.ok(queries.length > 0)
        for (const query of [...queries]) {
          const { rows } = await db.executeQuery<object>({
            ...query,
            sql: `${explain} ${query.sql}`,
          })
          const plan = rows.map((row) => Object.values(row).join(' ')).join('\n')
          assert.match(plan, new RegExp(`index (only )?(scan )?(using |on )?${index}`, 'i'), plan)
          assert.doesNotMatch(
            plan,
            /\bscan (users|one_time_tokens|mail_outbox|logout_notices)(?! using)|seq scan on (users|one_time|mail|logout)/i,
            plan,
          )
        }
      }
    } finally {
      await db.destroy()
    }
  })
}
