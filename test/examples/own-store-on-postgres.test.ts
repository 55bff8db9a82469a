// What docs/own-store.md says of Drizzle and Kysely on PostgreSQL: how a transaction is made serializable,
// how many rows a conditional update changed, and by what an error is known.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { boolean, pgTable, text } from 'drizzle-orm/pg-core'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { root } from '../house/sources.ts'
import { startPostgresOrSkip } from '../stores/postgres-server.ts'

const { server, skip } = await startPostgresOrSkip()
after(() => server?.remove())

/** What a library does to the table `members`. */
interface Library {
  insert(id: string, login: string): Promise<unknown>
  /** Deactivates a member who is active, and returns how many rows that changed. */
  deactivate(id: string): Promise<number>
  /** The same for the first, in one serializable transaction that has read all; then waits. */
  readAndDeactivate(ids: readonly string[], between: () => Promise<void>): Promise<unknown>
  close(): Promise<void>
}

const members = pgTable('members', {
  id: text().primaryKey(),
  login: text().notNull().unique(),
  isActive: boolean('is_active').notNull(),
})

function withDrizzle(client: pg.Pool): Library {
  const db = drizzle({ client })
  const active = (id: string) => and(eq(members.id, id), eq(members.isActive, true))
  return {
    insert: async (id, login) => await db.insert(members).values({ id, login, isActive: true }),
    async deactivate(id) {
      const set = { isActive: false }
      return (await db.update(members).set(set).where(active(id)).returning()).length
    },
    async readAndDeactivate(ids, between) {
      await db.transaction(
        async (tx) => {
          await tx.select().from(members)
          for (const id of ids) {
            await tx.update(members).set({ isActive: false }).where(active(id)).returning()
            await between()
          }
        },
        { isolationLevel: 'serializable' },
      )
    },
    close: () => client.end(),
  }
}

interface Tables {
  readonly members: { id: string; login: string; is_active: boolean }
}

function withKysely(pool: pg.Pool): Library {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const set = { is_active: false }
  const deactivate = async (tx: Kysely<Tables>, id: string) =>
    await tx
      .updateTable('members')
      .set(set)
      .where('id', '=', id)
      .where('is_active', '=', true)
      .returningAll()
      .execute()
  return {
    insert: async (id, login) =>
      await db.insertInto('members').values({ id, login, is_active: true }).execute(),
    deactivate: async (id) => (await deactivate(db, id)).length,
    async readAndDeactivate(ids, between) {
      await db
        .transaction()
        .setIsolationLevel('serializable')
        .execute(async (tx) => {
          await tx.selectFrom('members').selectAll().execute()
          for (const id of ids) {
            await deactivate(tx, id)
            await between()
          }
        })
    },
    close: () => db.destroy(),
  }
}

/** Lets two come to the same place before either goes on. Later visits do not wait. */
function meeting(): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let arrived = 0
  return () => {
    arrived++
    if (arrived === 2) resolve()
    return promise
  }
}

/** The code in the error itself, or in its cause. */
function codesOf(error: unknown) {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } }
  return { code, cause: cause?.code }
}

/** The cells of a row of the page, for Drizzle and for Kysely. */
function cellsOf(name: string): Readonly<Record<string, string>> {
  const page = readFileSync(join(root, 'docs/own-store.md'), 'utf8')
  const [row = ''] = page.split('\n').filter((line) => line.startsWith(`| ${name} |`))
  const [, Drizzle = '', , Kysely = ''] = row.split(' | ')
  return { Drizzle, Kysely }
}

for (const [name, open] of Object.entries({ Drizzle: withDrizzle, Kysely: withKysely })) {
  describe(`${name} on PostgreSQL`, { skip, timeout: 60_000 }, () => {
    let operator: pg.Client
    let library: Library

    before(async () => {
      const connectionString = await server?.createDatabase(name.toLowerCase())
      operator = new pg.Client({ connectionString })
      await operator.connect()
      await operator.query(
        'create table members (id text primary key, login text not null unique, is_active boolean not null)',
      )
      library = open(new pg.Pool({ connectionString, options: '-c deadlock_timeout=10' }))
    })

    beforeEach(() =>
      operator.query(
        "truncate members; insert into members values ('1','ann',true),('2','bob',true)",
      ),
    )

    after(async () => {
      await library.close()
      await operator.end()
    })

    /** Where the code of PostgreSQL is, as the page says. */
    function told(row: string, code: string) {
      const cell = cellsOf(row)[name] ?? ''
      assert.ok(cell.includes(`\`${code}\``), `${row}: ${cell}`)
      return cell.includes("the error's cause")
        ? { code: undefined, cause: code }
        : { code, cause: undefined }
    }

    async function failureOf(tries: readonly Promise<unknown>[]) {
      const ended = await Promise.allSettled(tries)
      const failed = ended.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
      assert.equal(failed.length, 1, 'one of the two')
      return codesOf(failed[0])
    }

    test('the page says by what a name that is taken is known', async () => {
      const error = await failureOf([library.insert('3', 'ann')])
      assert.deepEqual(error, told('the unique index refused', '23505'))
    })

    test('a conditional update tells how many rows it changed', async () => {
      assert.deepEqual([await library.deactivate('1'), await library.deactivate('1')], [1, 0])
    })

    test('the page says by what a conflict is known that the commit finds', async () => {
      const meet = meeting()
      const both = ['1', '2'].map((id) => library.readAndDeactivate([id], meet))
      const row = 'start again: a conflict or a deadlock'
      assert.deepEqual(await failureOf(both), told(row, '40001'))
      const { rows } = await operator.query('select id from members where is_active')
      assert.equal(rows.length, 1)
    })

    test('the page says by what a deadlock is known', async () => {
      const meet = meeting()
      const orders = [
        ['1', '2'],
        ['2', '1'],
      ]
      const ended = await Promise.allSettled(
        orders.map((ids) => library.readAndDeactivate(ids, meet)),
      )
      const codes = ended.flatMap((each) =>
        each.status === 'rejected' ? [codesOf(each.reason)] : [],
      )
      const row = 'start again: a conflict or a deadlock'
      assert.ok(codes.length > 0)
      const deadlock = JSON.stringify(told(row, '40P01'))
      assert.ok(codes.map((code) => JSON.stringify(code)).includes(deadlock), JSON.stringify(codes))
    })
  })
}
