import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
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
import { answer, isBusy } from './error.ts'
import { createMutex, type Mutex } from './mutex.ts'
import { createWrites, type Writes } from './writes.ts'

/** Statements kept prepared. The application has a few dozen; a bound costs nothing. */
const maxPrepared = 256

/** Milliseconds that a statement waits in all for another process to finish writing. */
const longestWait = 2000
/** Milliseconds between two tries. SQLite's own waiting would hold up everything else here. */
const retryAfter = 10

export interface DialectOptions {
  /** Default: those of this dialect alone. */
  readonly writes?: Writes
  /** Whose turn it is to use the database. Default: those of this dialect alone. */
  readonly mutex?: Mutex
  /** False for writes that need not survive a power failure. Default true. */
  readonly settles?: boolean
}

/** Kysely's SQLite dialect on `node:sqlite`. */
export function nodeSqliteDialect(database: DatabaseSync, options: DialectOptions = {}): Dialect {
  return {
    createAdapter: () => new NodeSqliteAdapter(),
    createDriver: () => new NodeSqliteDriver(database, options),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

class NodeSqliteAdapter extends SqliteAdapter {
  // There is one, but its users take mutex here: Kysely would let the next one wait for the disk, too.
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

/** The database, lent to one caller for its turn. */
interface Lent extends DatabaseConnection {
  /** Rows that had been changed before. */
  readonly changesBefore: number
  readonly unlock: () => void
}

class NodeSqliteDriver extends SqliteDriver implements Driver {
  readonly #database: DatabaseSync
  readonly #writes: Writes
  readonly #mutex: Mutex
  readonly #settles: boolean
  readonly #countChanges: () => number

  constructor(
    database: DatabaseSync,
    { writes = createWrites(), mutex = createMutex(), settles = true }: DialectOptions,
  ) {
    super({
      database: {
        close: () => database.close(),
        prepare: keepPrepared((sql) => adapt(database.prepare(sql), writes)),
      },
    })
    this.#database = database
    this.#writes = writes
    this.#mutex = mutex
    this.#settles = settles
    const changes = database.prepare('select total_changes() as changes')
    this.#countChanges = () => Number(changes.get()?.changes)
  }

  override async acquireConnection(): Promise<Lent> {
    const connection = await super.acquireConnection()
    const unlock = await this.#mutex.lock()
    try {
      return {
        executeQuery: (query) => untilFree(() => connection.executeQuery(query)),
        streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
        changesBefore: this.#countChanges(),
        unlock,
      }
    } catch (error) {
      // The database was closed meanwhile. Each waiting caller gets the same error in its turn.
      unlock()
      throw error
    }
  }

  // A writer is answered when its write is on the disk. The next turn begins before that, so that
  // several writers share one wait for the disk.
  override async releaseConnection(connection?: DatabaseConnection): Promise<void> {
    // It is one that was lent out above.
    const { changesBefore, unlock } = connection as Lent
    // One that was closed meanwhile cannot be asked.
    const hasWritten = !this.#database.isOpen || this.#countChanges() !== changesBefore
    unlock()
    if (hasWritten && this.#settles) await this.#writes.settle()
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

/** Prepares each statement once. */
export function keepPrepared<Statement>(
  prepare: (sql: string) => Statement,
): (sql: string) => Statement {
  const prepared = new Map<string, Statement>()
  return (sql) => {
    let statement = prepared.get(sql)
    if (statement === undefined) {
      statement = prepare(sql)
      if (prepared.size >= maxPrepared) prepared.clear()
      prepared.set(sql, statement)
    }
    return statement
  }
}

/** Tries again while another process writes: a statement that was refused for that has done nothing. */
export async function untilFree<T>(execute: () => T | Promise<T>): Promise<T> {
  const startedAt = performance.now()
  for (;;) {
    try {
      return await execute()
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedAt > longestWait) throw error
      await setTimeout(retryAfter)
    }
  }
}

function adapt(statement: StatementSync, writes: Writes): SqliteStatement {
  const run = <T>(execute: () => T): T => writes.run(() => answer(execute))
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => run(() => statement.all(...(parameters as SQLInputValue[]))),
    run: (parameters) => run(() => statement.run(...(parameters as SQLInputValue[]))),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  }
}
