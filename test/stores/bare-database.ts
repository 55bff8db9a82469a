// Databases of both engines, read and written past the code under test.

import { DatabaseSync } from 'node:sqlite'
import { type Dialect, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Store } from '../../src/core/store.ts'
import { postgres } from '../../src/stores/postgres/postgres.ts'
import { sqlite } from '../../src/stores/sqlite/sqlite.ts'

export type Row = Readonly<Record<string, unknown>>

/** A database, by its path or URL, past the code under test. */
export interface BareDatabase {
  readonly address: string
  run(statements: string): Promise<readonly Row[]>
  /**
   * The tables, columns and indexes, in words; left out is which steps were taken, and the days that events are
   * parted by.
   */
  schema(): Promise<readonly Row[]>
  store(): Store
}

/** An SQLite file. */
export function sqliteDatabase(address: string): BareDatabase {
  async function run(statements: string): Promise<readonly Row[]> {
    const database = new DatabaseSync(address)
    try {
      if (!statements.startsWith('select')) database.exec(statements)
      return statements.startsWith('select') ? database.prepare(statements).all() : []
    } finally {
      database.close()
    }
  }
  return {
    address,
    run,
    // Names in quotes or not, and spaces, are what the engine was told, not what it made.
    schema: async () =>
      (
        await run(
          `select name, tbl_name as "table", sql from sqlite_schema
            where name not like 'sqlite%' and tbl_name not like '%_migration%' escape '\\' order by name`,
        )
      ).map(({ sql, ...row }) => ({
        ...row,
        sql: String(sql).replace(/["\s]/g, '').toLowerCase(),
      })),
    store: () => sqlite(address),
  }
}

/** For Kysely alone. The pool ends before its connections do, which hear it when the server is stopped next. */
export function postgresDialect(address: string): Dialect {
  const pool = new pg.Pool({ connectionString: address, max: 1 })
  pool.on('error', () => {})
  return new PostgresDialect({ pool })
}

const leftOut = 'migration|^events_[0-9]'

/** A PostgreSQL database. */
export function postgresDatabase(address: string): BareDatabase {
  async function run(statements: string): Promise<readonly Row[]> {
    const client = new pg.Client({ connectionString: address })
    await client.connect()
    try {
      // A process that was killed is still in the middle of its transaction until the server notices.
      const others = `select 1 from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`
      while ((await client.query(others)).rows.length > 0);
      return (await client.query(statements)).rows
    } finally {
      await client.end()
    }
  }
  return {
    address,
    run,
    schema: () =>
      run(`select table_name as "table", column_name as name,
          concat_ws(' ', data_type, is_nullable, column_default) as definition
        from information_schema.columns
        where table_schema = 'public' and table_name !~ '${leftOut}'
        union all select tablename, indexname, indexdef from pg_indexes
        where schemaname = 'public' and tablename !~ '${leftOut}'
        union all select relname, conname, pg_get_constraintdef(c.oid) from pg_constraint c
        join pg_class t on t.oid = conrelid
        where c.connamespace = 'public'::regnamespace and relname !~ '${leftOut}'
        order by 1, 2, 3`),
    store: () => postgres(address),
  }
}
