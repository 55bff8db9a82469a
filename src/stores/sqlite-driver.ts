import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type SqliteStatement,
} from 'kysely'
import { answer } from './sqlite-error.ts'

/** Statements kept prepared. The application has a few dozen; a bound costs nothing. */
const maxPrepared = 256

/** Kysely's SQLite dialect on `node:sqlite`. */
export function nodeSqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new NodeSqliteDriver(database),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

class NodeSqliteDriver extends SqliteDriver implements Driver {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    const prepared = new Map<string, SqliteStatement>()
    super({
      database: {
        close: () => database.close(),
        prepare(sql) {
          let statement = prepared.get(sql)
          if (statement === undefined) {
            statement = adapt(database.prepare(sql))
            if (prepared.size >= maxPrepared) prepared.clear()
            prepared.set(sql, statement)
          }
          return statement
        },
      },
    })
    this.#database = database
  }

  // Kysely begins a deferred transaction. One that reads and then writes would fail when another
  // process has written in between, without waiting; an immediate one waits for its turn.
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  // SQLite has rolled back by itself after some errors, such as a full disk. A second roll-back would
  // fail, and hide why.
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection)
  }
}

function adapt(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => answer(() => statement.all(...(parameters as SQLInputValue[]))),
    run: (parameters) => answer(() => statement.run(...(parameters as SQLInputValue[]))),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  }
}
