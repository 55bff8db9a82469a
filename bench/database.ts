// Databases to measure: made by a store, filled in bulk beside it, and asked for their sizes.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import type { SessionRecord } from '../src/core/sessions/session-store.ts'
import type { Store } from '../src/core/store.ts'
import type { UserRecord } from '../src/core/users/user-store.ts'
import { postgres } from '../src/stores/postgres/postgres.ts'
import { sqlite } from '../src/stores/sqlite/sqlite.ts'
import { startPostgres } from '../test/stores/postgres-server.ts'

export type EngineName = 'sqlite' | 'postgres'

export interface Size {
  /** The table or index. */
  readonly name: string
  readonly table: string
  readonly bytes: number
}

export interface Database {
  /** A path, or a URL. */
  readonly address: string
  readonly version: string
  createStore(): Store
  addUsers(users: readonly UserRecord[]): Promise<void>
  addSessions(sessions: readonly SessionRecord[]): Promise<void>
  ask(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Brings the statistics that the planner uses up to date, as the engine does by itself in time. */
  settle(): Promise<void>
  sizes(): Promise<readonly Size[]>
  remove(): Promise<void>
}

/** An empty database with today's tables. */
export async function createDatabase(engine: EngineName): Promise<Database> {
  const database = await (engine === 'sqlite' ? createSqlite() : createPostgres())
  const store = database.createStore()
  await store.open()
  await store.close()
  return database
}

type Cell = string | number | null

/** The columns of a row, in one order. */
const userColumns = {
  id: 'text',
  username: 'text',
  password_hash: 'text',
  role: 'text',
  active: 'integer',
  created_at: 'bigint',
  security_stamp: 'text',
} as const
const userCells = (user: UserRecord): Cell[] => [
  user.id,
  user.username,
  user.passwordHash,
  user.role,
  user.active ? 1 : 0,
  user.createdAt,
  user.securityStamp,
]
const sessionColumns = {
  id: 'text',
  user_id: 'text',
  client_id: 'text',
  scope: 'text',
  generation: 'bigint',
  rotated_at: 'bigint',
  seen_at: 'bigint',
  created_at: 'bigint',
  expires_at: 'bigint',
  revoked_at: 'bigint',
  security_stamp: 'text',
  label: 'text',
  address: 'text',
} as const
const sessionCells = (session: SessionRecord): Cell[] => [
  session.id,
  session.userId,
  session.clientId,
  session.scopes.join(' '),
  session.generation,
  session.rotatedAt,
  session.rotatedAt,
  session.createdAt,
  session.expiresAt,
  session.revokedAt,
  session.securityStamp,
  session.label,
  session.address,
]

function createSqlite(): Database {
  const directory = mkdtempSync(join(tmpdir(), 'portcullis-bench-'))
  const address = join(directory, 'portcullis.db')
  const open = (): DatabaseSync => new DatabaseSync(address, { timeout: 10_000 })

  function add(table: string, columns: object, rows: readonly Cell[][]): void {
    const names = Object.keys(columns)
    const database = open()
    const insert = database.prepare(
      `insert into ${table} (${names}) values (${names.map(() => '?')})`,
    )
    database.exec('begin immediate')
    for (const row of rows) insert.run(...row)
    database.exec('commit')
    database.close()
  }

  return {
    address,
    version: `SQLite ${process.versions.sqlite}`,
    createStore: () => sqlite(address),
    addUsers: async (users) => add('users', userColumns, users.map(userCells)),
    addSessions: async (sessions) => add('sessions', sessionColumns, sessions.map(sessionCells)),
    async ask(statement) {
      const database = open()
      const rows = database.prepare(statement).all()
      database.close()
      return rows
    },
    async settle() {
      const database = open()
      database.exec('pragma wal_checkpoint(truncate)')
      database.close()
    },
    async sizes() {
      const database = open()
      const rows = database
        .prepare(
          'select name, tbl_name, sum(pgsize) as bytes from dbstat join sqlite_schema using (name) group by name',
        )
        .all()
      database.close()
      return rows.map(toSize)
    },
    async remove() {
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function createPostgres(): Promise<Database> {
  // The tests' server does not wait for the disk; what is measured here does.
  const server = await startPostgres({ flags: ['-c', 'fsync=on'] })
  const address = await server.createDatabase('bench')
  const client = new pg.Client({ connectionString: address })
  await client.connect()
  const { rows } = await client.query('show server_version')

  async function add(table: string, columns: object, cells: readonly Cell[][]): Promise<void> {
    const names = Object.keys(columns)
    const lists = Object.values(columns).map((type, index) => `$${index + 1}::${type}[]`)
    const values = names.map((_, index) => cells.map((row) => row[index]))
    await client.query(`insert into ${table} (${names}) select * from unnest(${lists})`, values)
  }

  return {
    address,
    version: `PostgreSQL ${rows[0].server_version}`,
    createStore: () => postgres(address),
    addUsers: (users) => add('users', userColumns, users.map(userCells)),
    addSessions: (sessions) => add('sessions', sessionColumns, sessions.map(sessionCells)),
    ask: async (statement) => (await client.query(statement)).rows,
    async settle() {
      await client.query('vacuum analyze')
      await client.query('checkpoint')
    },
    async sizes() {
      const { rows: relations } = await client.query(`
        select relname as name, relname as tbl_name, pg_table_size(oid) as bytes from pg_class
          where relkind = 'r' and relnamespace = 'public'::regnamespace
        union all
        select i.relname, t.relname, pg_relation_size(i.oid) from pg_index x
          join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
          where t.relnamespace = 'public'::regnamespace`)
      return relations.map(toSize)
    },
    async remove() {
      await client.end()
      await server.remove()
    },
  }
}

function toSize({ name, tbl_name: table, bytes }: Readonly<Record<string, unknown>>): Size {
  return { name: String(name), table: String(table), bytes: Number(bytes) }
}
