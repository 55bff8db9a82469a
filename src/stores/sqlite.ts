import { closeSync, openSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type {
  IdentityStore,
  MaybePromise,
  SessionStore,
  SigningKeyStore,
  Store,
  Subject,
  ThrottleStore,
  UserStore,
} from '../core/store.ts'
import { readOrCreateKeyFile } from './key-file.ts'
import type { Engine } from './kysely-engine.ts'
import { createIdentityStore } from './kysely-identities.ts'
import { createSessionStore, createSubjectReader } from './kysely-sessions.ts'
import { createSigningKeyStore } from './kysely-signing-keys.ts'
import { createThrottleStore } from './kysely-throttle.ts'
import { createUserStore } from './kysely-users.ts'
import { migrate } from './migrations.ts'
import type { Schema } from './schema.ts'
import { nodeSqliteDialect } from './sqlite-driver.ts'
import { answer, explainOpening, isBusy, isUniqueViolation, readOnly } from './sqlite-error.ts'

export { StoreError, type StoreErrorCode } from './store-error.ts'

/** Milliseconds that a statement waits for another process to finish writing. */
const busyTimeout = 2000

/**
 * A store in an SQLite file, made with mode 0600 if it is not there. The key that private keys are
 * sealed under lies beside it, in `<path>.key`.
 *
 * Several processes on one machine may share the file; machines may not (SQLite's locks do not work
 * on network file systems).
 *
 * `open` rejects with a `StoreError` for a file that is corrupt, read-only, or of a newer version.
 */
export function sqlite(path: string): Store {
  if (path === '' || path.startsWith(':')) {
    throw new TypeError('sqlite() takes the path of a file; use memory() for a store without one.')
  }
  return new SqliteStore(path)
}

class SqliteStore implements Store {
  readonly #path: string
  #opened: Opened | undefined

  constructor(path: string) {
    this.#path = path
  }

  get users(): UserStore {
    return this.#open.users
  }

  get sessions(): SessionStore {
    return this.#open.sessions
  }

  get identities(): IdentityStore {
    return this.#open.identities
  }

  get signingKeys(): SigningKeyStore {
    return this.#open.signingKeys
  }

  get throttle(): ThrottleStore {
    return this.#open.throttle
  }

  async open(): Promise<void> {
    if (this.#opened) return
    try {
      this.#opened = await openDatabase(this.#path)
    } catch (error) {
      throw explainOpening(error, this.#path)
    }
  }

  findSubject(userId: string, sessionId: string | null): MaybePromise<Subject | null> {
    return this.#open.findSubject(userId, sessionId)
  }

  async check(): Promise<void> {
    this.#open.check()
  }

  async keyEncryptionKey(): Promise<Uint8Array> {
    return readOrCreateKeyFile(`${this.#path}.key`)
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    await opened?.close()
  }

  get #open(): Opened {
    if (this.#opened) return this.#opened
    throw new TypeError('The store is not open: createAuth opens it, and close ends its use.')
  }
}

interface Opened
  extends Pick<
    Store,
    'users' | 'sessions' | 'identities' | 'signingKeys' | 'throttle' | 'findSubject'
  > {
  check(): void
  close(): Promise<void>
}

async function openDatabase(path: string): Promise<Opened> {
  prepareFile(path)
  const writer = new DatabaseSync(path, { timeout: busyTimeout })
  let reader: DatabaseSync | undefined
  let counter: DatabaseSync | undefined
  try {
    useWriteAheadLog(writer)
    // FULL: what is acknowledged survives a power failure, not only the end of the process.
    writer.exec('pragma synchronous = full')
    const db = new Kysely<Schema>({ dialect: nodeSqliteDialect(writer) })
    await migrateAlone(writer, db)
    // The reads of guarded requests have a connection of their own, so that they never see what a
    // transaction of the other one has written and not committed.
    reader = new DatabaseSync(path, { readOnly: true, timeout: busyTimeout })
    // Counts of failed attempts are written at every login and may be lost with the power: on a
    // connection of their own they cost no wait for the disk.
    counter = new DatabaseSync(path, { timeout: busyTimeout })
    counter.exec('pragma synchronous = normal')
    const counts = new Kysely<Schema>({ dialect: nodeSqliteDialect(counter) })
    const engine = createEngine(db, reader)
    const probe = reader.prepare('select id from users limit 1')
    const [opened, counting] = [reader, counter]
    return {
      users: createUserStore(engine),
      sessions: createSessionStore(engine),
      findSubject: createSubjectReader(engine),
      identities: createIdentityStore(engine),
      signingKeys: createSigningKeyStore(engine),
      throttle: createThrottleStore(counts),
      check: () => void answer(() => probe.get()),
      async close() {
        opened.close()
        // Kysely closes only what it has used.
        counting.close()
        await db.destroy()
      },
    }
  } catch (error) {
    reader?.close()
    counter?.close()
    if (writer.isOpen) writer.close()
    throw error
  }
}

function createEngine(db: Kysely<Schema>, reader: DatabaseSync): Engine {
  return {
    db,
    prepareRead(query) {
      const statement = reader.prepare(query.sql)
      return (...parameters) => answer(() => statement.get(...parameters)) as never
    },
    inTurn: (_name, change) => change(db),
    isUniqueViolation,
  }
}

function prepareFile(path: string): void {
  // A file that its owner made read-only is not to be written, though root could.
  const { mode } = statSync(path, { throwIfNoEntry: false }) ?? { mode: 0o600 }
  if ((mode & 0o222) === 0) throw readOnly(path)
  // SQLite would make the file readable by everybody that the umask lets in.
  closeSync(openSync(path, 'a', 0o600))
}

/** Two processes that start at once collide here, and SQLite does not wait by itself. */
function useWriteAheadLog(database: DatabaseSync): void {
  for (let attempt = 1; ; attempt++) {
    try {
      database.exec('pragma journal_mode = wal')
      return
    } catch (error) {
      if (!isBusy(error) || attempt === 20) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    }
  }
}

/** One transaction around all steps: of two processes the second finds the tables made. */
async function migrateAlone(database: DatabaseSync, db: Kysely<Schema>): Promise<void> {
  database.exec('begin immediate')
  try {
    await migrate(db as never)
    database.exec('commit')
  } catch (error) {
    if (database.isTransaction) database.exec('rollback')
    throw error
  }
}
