// Which indexes the statements of a store are answered from, in the words of each engine.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { type CompiledQuery, Kysely } from 'kysely'
import type { Engine } from '../../../src/stores/sql/engine.ts'
import type { Schema } from '../../../src/stores/sql/schema.ts'
import { nodeSqliteDialect } from '../../../src/stores/sqlite/driver.ts'
import { postgresDatabase, postgresDialect, sqliteDatabase } from '../bare-database.ts'
import { startPostgresOrSkip } from '../postgres-server.ts'

/** So many that a planner has a reason to use an index: the values may name `n`, from 1 to 20,000. */
export const manyRows = (table: string, columns: string, values: string): string => `
  with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 20000)
  insert into ${table} (${columns}) select ${values} from numbers`

/** Users without an address, `user1` to `user20000`. */
export const manyUsers: string = manyRows(
  'users',
  'id, username, role, active, created_at, security_stamp',
  `'user' || n, 'user' || n, 'member', 1, 0, 'stamp'`,
)

/** What is asked, and the index that answers it, as a part of a regular expression. */
export type Question<Stores> = readonly [index: string, ask: (stores: Stores) => unknown]

export interface Plans<Stores> {
  /** What it is about, for the titles. */
  readonly subject: string
  readonly rows: readonly string[]
  /** No statement may read one of these as a whole. */
  readonly tables: readonly string[]
  readonly stores: (engine: Engine) => Stores
  readonly questions: readonly Question<Stores>[]
}

/** Registers the tests: on both engines every statement of each question reads the index. */
export async function plansReadIndexes<Stores>(plans: Plans<Stores>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-plans-'))
  const { server, skip } = await startPostgresOrSkip()
  after(async () => {
    await server?.remove()
    rmSync(directory, { recursive: true, force: true })
  })
  test(`on SQLite what is asked of ${plans.subject} reads an index`, async () => {
    const database = sqliteDatabase(join(directory, 'many.db'))
    await fill(database, plans.rows)
    const dialect = nodeSqliteDialect(new DatabaseSync(database.address))
    await check(plans, dialect, 'explain query plan')
  })
  test(`on PostgreSQL what is asked of ${plans.subject} reads an index`, { skip }, async () => {
    const database = postgresDatabase((await server?.createDatabase('plans')) ?? '')
    await fill(database, plans.rows)
    await check(plans, postgresDialect(database.address), 'explain')
  })
}

async function fill(
  database: ReturnType<typeof sqliteDatabase>,
  rows: readonly string[],
): Promise<void> {
  const store = database.store()
  await store.open()
  await store.close()
  for (const statement of [...rows, 'analyze']) await database.run(statement)
}

async function check<Stores>(
  { stores, questions, tables }: Plans<Stores>,
  dialect: ReturnType<typeof postgresDialect>,
  explain: string,
): Promise<void> {
  const queries: CompiledQuery[] = []
  const db = new Kysely<Schema>({ dialect, log: ({ query }) => void queries.push(query) })
  const all = tables.join('|')
  const whole = new RegExp(`\\bscan (${all})(?! using)|seq scan on (${all})`, 'i')
  const opened = stores(engineOn(db, explain === 'explain'))
  try {
    for (const [index, ask] of questions) {
      queries.length = 0
      await ask(opened)
      const asked = queries.filter((query) =>
        /^(with|select|update|delete|insert)/i.test(query.sql),
      )
      assert.ok(asked.length > 0)
      for (const query of asked) {
        const explained = { ...query, sql: `${explain} ${query.sql}` }
        const { rows } = await db.executeQuery<object>(explained)
        const plan = rows.map((row) => Object.values(row).join(' ')).join('\n')
        assert.match(plan, new RegExp(`index (only )?(scan )?(using |on )?(${index})`, 'i'), plan)
        assert.doesNotMatch(plan, whole, plan)
      }
    }
  } finally {
    await db.destroy()
  }
}

/** The parts of an engine that these stores have to do with. */
function engineOn(db: Kysely<Schema>, locksRows: boolean): Engine {
  const inTransaction: Engine['inTransaction'] = (change) => db.transaction().execute(change)
  return {
    ...{ db, scans: db, locksRows, isUniqueViolation: () => false },
    ...{
      inTransaction,
      withoutSync: (async (change) => await change(db)) as Engine['withoutSync'],
      inCommittedTransaction: inTransaction,
    },
    prepareRead:
      (query: CompiledQuery) =>
      async (...parameters: readonly string[]) =>
        (await db.executeQuery({ ...query, parameters })).rows[0],
    // What follows a condition adds rows, which no index is read for.
    changeIf: async (condition: CompiledQuery) =>
      (await db.executeQuery(condition)).numAffectedRows === 1n,
    inTurn: (_name: string, change: (connection: typeof db) => unknown) => change(db),
  } as unknown as Engine
}
