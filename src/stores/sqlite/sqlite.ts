import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import type { ClientSubject } from '../../core/clients/client-store.ts'
import { ConfigError } from '../../core/errors.ts'
import type { MaybePromise } from '../../core/maybe-promise.ts'
import { readOptions, type ShapesOf, text } from '../../core/options.ts'
import type { Subject } from '../../core/sessions/session-store.ts'
import type { StoreStatistics } from '../../core/statistics.ts'
import type { Store } from '../../core/store.ts'
import { readKeysBeside, readOrCreateKeyFile } from '../key-file.ts'
import { createApiKeyStore } from '../sql/api-keys.ts'
import { createAuthorizationCodeStore } from '../sql/authorization-codes.ts'
import { createClientStore, createClientSubjectReader } from '../sql/clients.ts'
import { createConsentStore } from '../sql/consents.ts'
import { createEventStore } from '../sql/events.ts'
import { createFactorStore } from '../sql/factors.ts'
import { createIdentityStore } from '../sql/identities.ts'
import { createLogoutNoticeStore } from '../sql/logout-notices.ts'
import { createKysely } from '../sql/named-tables.ts'
import { nameProblems, type TableNames } from '../sql/names.ts'
import { createOneTimeTokenStore } from '../sql/one-time-tokens.ts'
import { createOutboxStore } from '../sql/outbox.ts'
import { revokeAll } from '../sql/revoke-all.ts'
import { createSessionStore, createSubjectReader } from '../sql/sessions.ts'
import { createSigningKeyStore } from '../sql/signing-keys.ts'
import { createThrottleStore } from '../sql/throttle.ts'
import { createUserStore } from '../sql/users.ts'
import { nodeSqliteDialect } from './driver.ts'
import { createSqliteEngine } from './engine.ts'
import { answer, explainOpening } from './error.ts'
import { rememberFile } from './file-identity.ts'
import { createMutex } from './mutex.ts'
import { migrateAlone, prepareFile, useWriteAheadLog } from './prepare-file.ts'
import { createSqliteSubjects } from './subjects.ts'
import { openWriteAheadLog, type WriteAheadLog } from './write-ahead-log.ts'
import { createWrites } from './writes.ts'

/**
 * Milliseconds that SQLite itself waits for another process to finish writing, while nothing else
 * happens here. The driver goes on trying without that.
 */
const busyTimeout = 20
/** The same at the start, when nothing else is to happen. */
const busyTimeoutAtStart = 5000

/** KiB that the reads of guarded requests may keep of the file: some 20,000 users and sessions. */
const readerCache = 32_768

/** How an SQLite file is used. */
export interface SqliteOptions {
  /**
   * What the names of all tables begin with, such as `auth_`, so that a file which has a table `users` of its
   * own can be used: small letters, digits and _, at most 20. Default: nothing.
   */
  readonly tablePrefix?: string
}

const owner = { name: 'sqlite', example: "{ tablePrefix: 'auth_' }" }
const shapes: ShapesOf<SqliteOptions> = { tablePrefix: text }

/**
 * A store in an SQLite file, made with mode 0600 if it is not there. The key that private keys are
 * sealed under lies beside it, in `<path>.key`.
 *
 * Several processes on one machine may share the file; machines may not (SQLite's locks do not work
 * on network file systems).
 *
 * `open` rejects with a `StoreError` for a file that is corrupt, read-only, or of a newer version, and with a
 * `ConfigError` if another application's table has the name of one of ours. Nothing is made then.
 *
 * @throws {ConfigError} if the prefix cannot be used.
 */
export function sqlite(path: string, given: SqliteOptions = {}): Store {
  const { options, problems } = readOptions(given, shapes, owner)
  const { tablePrefix } = options
  if (typeof path !== 'string' || path === '' || path.startsWith(':')) {
    throw new TypeError('sqlite() takes the path of a file; use memory() for a store without one.')
  }
  problems.push(...nameProblems({ tablePrefix }))
  if (problems.length > 0) throw new ConfigError(problems)
  return new SqliteStore(path, { tablePrefix })
}

class SqliteStore implements Store {
  readonly #path: string
  readonly #names: TableNames
  #opened: Opened | undefined

  constructor(path: string, names: TableNames) {
    this.#path = path
    this.#names = names
  }

  get users(): Opened['users'] {
    return this.#open.users
  }

  get sessions(): Opened['sessions'] {
    return this.#open.sessions
  }

  get identities(): Opened['identities'] {
    return this.#open.identities
  }

  get signingKeys(): Opened['signingKeys'] {
    return this.#open.signingKeys
  }

  get throttle(): Opened['throttle'] {
    return this.#open.throttle
  }

  get clients(): Opened['clients'] {
    return this.#open.clients
  }

  get events(): Opened['events'] {
    return this.#open.events
  }

  get oneTimeTokens(): Opened['oneTimeTokens'] {
    return this.#open.oneTimeTokens
  }

  get outbox(): Opened['outbox'] {
    return this.#open.outbox
  }

  get authorizationCodes(): Opened['authorizationCodes'] {
    return this.#open.authorizationCodes
  }

  get consents(): Opened['consents'] {
    return this.#open.consents
  }

  get logoutNotices(): Opened['logoutNotices'] {
    return this.#open.logoutNotices
  }

  get apiKeys(): Opened['apiKeys'] {
    return this.#open.apiKeys
  }

  get factors(): Opened['factors'] {
    return this.#open.factors
  }

  async open(): Promise<void> {
    if (this.#opened) return
    try {
      this.#opened = await openDatabase(this.#path, this.#names)
    } catch (error) {
      throw explainOpening(error, this.#path)
    }
  }

  findSubject(userId: string, sessionId: string | null): MaybePromise<Subject | null> {
    return this.#open.findSubject(userId, sessionId)
  }

  async revokeAll(...parameters: Parameters<Store['revokeAll']>): Promise<true> {
    return await this.#open.revokeAll(...parameters)
  }

  findClientSubject(clientId: string): MaybePromise<ClientSubject> {
    return this.#open.findClientSubject(clientId)
  }

  statistics(): StoreStatistics {
    return this.#open.statistics()
  }

  async check(): Promise<void> {
    await this.#open.check()
  }

  async keyEncryptionKey(): Promise<Uint8Array> {
    return readOrCreateKeyFile(`${this.#path}.key`)
  }

  async previousKeyEncryptionKeys(): Promise<readonly Uint8Array[]> {
    return readKeysBeside(`${this.#path}.key`)
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

type Records =
  | 'users'
  | 'sessions'
  | 'identities'
  | 'signingKeys'
  | 'throttle'
  | 'clients'
  | 'events'
  | 'oneTimeTokens'
  | 'outbox'
  | 'authorizationCodes'
  | 'consents'
  | 'logoutNotices'
  | 'apiKeys'
  | 'factors'
  | 'findSubject'
  | 'revokeAll'
  | 'findClientSubject'
  | 'statistics'

interface Opened extends Required<Pick<Store, Records>> {
  check(): Promise<void>
  close(): Promise<void>
}

async function openDatabase(path: string, names: TableNames): Promise<Opened> {
  prepareFile(path)
  const writer = new DatabaseSync(path, { timeout: busyTimeoutAtStart })
  let reader: DatabaseSync | undefined
  let log: WriteAheadLog | undefined
  try {
    useWriteAheadLog(writer)
    writer.exec('pragma synchronous = full')
    await migrateAlone(writer, names)
    // What is acknowledged survives a power failure, not only the end of the process: we wait for the
    // disk ourselves, where nothing else has to.
    writer.exec('pragma synchronous = normal')
    writer.exec(`pragma busy_timeout = ${busyTimeout}`)
    log = openWriteAheadLog(path)
    const writes = createWrites(log.flush)
    const mutex = createMutex()
    const dialect = nodeSqliteDialect(writer, { writes, mutex })
    const loose = nodeSqliteDialect(writer, { writes, mutex, settles: false })
    const db = createKysely(dialect, names)
    // The reads of guarded requests have a connection of their own, so that they never see what a
    // transaction of the other one has written and not committed.
    reader = new DatabaseSync(path, { readOnly: true, timeout: busyTimeout })
    reader.prepare(`pragma cache_size = -${readerCache}`).run()
    const engine = createSqliteEngine(
      { db, loose: createKysely(loose, names) },
      writer,
      reader,
      writes,
    )
    const write = db.updateTable('signing_key_set').set({ id: 1 }).compile()
    const probe = reader.prepare(
      db.selectFrom('users').select('id').limit(sql.lit(1)).compile().sql,
    )
    const opened = reader
    const requireSameFile = rememberFile(path)
    const settled = log
    const subjects = createSqliteSubjects(path, reader, createSubjectReader(engine))
    return {
      users: createUserStore(engine),
      sessions: createSessionStore(engine),
      findSubject: subjects.findSubject,
      statistics: () => ({ subjects: { ...subjects.counts, users: subjects.size() } }),
      findClientSubject: createClientSubjectReader(engine),
      identities: createIdentityStore(engine),
      signingKeys: createSigningKeyStore(engine),
      throttle: createThrottleStore(engine),
      clients: createClientStore(engine),
      events: createEventStore(engine),
      oneTimeTokens: createOneTimeTokenStore(engine),
      outbox: createOutboxStore(engine),
      authorizationCodes: createAuthorizationCodeStore(engine),
      consents: createConsentStore(engine),
      logoutNotices: createLogoutNoticeStore(engine),
      apiKeys: createApiKeyStore(engine),
      factors: createFactorStore(engine),
      revokeAll: (...parameters) => revokeAll(engine.inTransaction, ...parameters),
      async check() {
        requireSameFile()
        answer(() => probe.get())
        await writes.check(() => engine.changeIf(write, []))
      },
      async close() {
        opened.close()
        await db.destroy()
        // Kysely has closed it only if it has run a statement on it.
        if (writer.isOpen) writer.close()
        subjects.close()
        await settled.close()
      },
    }
  } catch (error) {
    reader?.close()
    if (writer.isOpen) writer.close()
    await log?.close()
    throw error
  }
}
