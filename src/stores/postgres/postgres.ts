import { ConfigError } from '../../core/errors.ts'
import type { SigningKeyStore } from '../../core/keys/key-store.ts'
import { attempt, number, readOptions, type ShapesOf, text } from '../../core/options.ts'
import type { SessionStore } from '../../core/sessions/session-store.ts'
import type { ConnectionCounts } from '../../core/statistics.ts'
import type { Store } from '../../core/store.ts'
import type { UserStore } from '../../core/users/user-store.ts'
import { migrate } from '../migrations/migrations.ts'
import { createApiKeyStore } from '../sql/api-keys.ts'
import { createAuthorizationCodeStore } from '../sql/authorization-codes.ts'
import { createClientStore, createClientSubjectReader } from '../sql/clients.ts'
import { createConsentStore } from '../sql/consents.ts'
import { createFactorStore } from '../sql/factors.ts'
import { createIdentityStore } from '../sql/identities.ts'
import { createLogoutNoticeStore } from '../sql/logout-notices.ts'
import { nameProblems, type TableNames } from '../sql/names.ts'
import { createOneTimeTokenStore } from '../sql/one-time-tokens.ts'
import { createOutboxStore } from '../sql/outbox.ts'
import { revokeAll } from '../sql/revoke-all.ts'
import { createSessionStore, createSubjectReader } from '../sql/sessions.ts'
import { createSigningKeyStore } from '../sql/signing-keys.ts'
import { createThrottleStore } from '../sql/throttle.ts'
import { createUserStore } from '../sql/users.ts'
import { defaultUsers } from '../subject-cache.ts'
import { cachedStore } from './cached-store.ts'
import { createLogPruning } from './change-log.ts'
import { channelName } from './channel.ts'
import { createConnect } from './connect.ts'
import { createEngine, createPrepareRead, kyselyOn, transactionsOn } from './engine.ts'
import { explainOpening } from './error.ts'
import { createPartitionedEvents } from './event-partitions.ts'
import type { Deadline } from './lease.ts'
import { createPostgresPool } from './pool.ts'
import { watchPrimary } from './primary.ts'
import { parsePostgresUrl } from './url.ts'

/** The connections to PostgreSQL. */
export interface PostgresOptions {
  /**
   * Connections at most. Two more read for guarded requests while those are all in use, and one more listens
   * for changes. Default 10.
   */
  readonly maxConnections?: number
  /** Users in memory whose guarded requests read nothing, about a kilobyte each. Default 10,000. */
  readonly cacheUsers?: number
  /**
   * Seconds that a statement may take which reads many rows, such as a search among all users.
   * Default 5. The statements of logins and guarded requests have 1.5 seconds, or this if it is less.
   */
  readonly statementTimeout?: number
  /**
   * Seconds that making a connection may take, over all hosts; `connect_timeout` of the URL comes
   * first. Default 3. A request does not wait that long.
   */
  readonly connectionTimeout?: number
  /**
   * The schema that all tables are in, made by `open` if it is not there: at most 63 letters, digits and _.
   * Default: the first schema of the connection's `search_path`, mostly `public`.
   */
  readonly schema?: string
  /**
   * What the names of all tables begin with, such as `auth_`, so that a schema which has a table `users` of its
   * own can be used: small letters, digits and _, at most 20. Default: nothing.
   */
  readonly tablePrefix?: string
}

const owner = { name: 'postgres', example: '{ maxConnections: 20 }' }
const shapes: ShapesOf<PostgresOptions> = {
  maxConnections: number,
  cacheUsers: number,
  statementTimeout: number,
  connectionTimeout: number,
  schema: text,
  tablePrefix: text,
}

/** Milliseconds that a request waits for the database before it gets an error. */
const requestLimit = 1500
/** Connections for the reads of guarded requests alone. */
const readConnections = 2
/** Milliseconds that a change of all rows may take, such as an index on a large table. */
const maintenanceLimit = 3_600_000

/**
 * A store in a PostgreSQL database. A `postgres://` URL names it, and is read as libpq reads it. It may
 * name several hosts: the one that can be written is found again after a failover. It may ask for TLS.
 * Any number of processes and machines may share the database.
 *
 * It has no place for a key-encryption key: set `keyEncryptionKey`, the same for every process.
 *
 * `open` rejects with a `StoreError` if waiting would not help, such as for a wrong password, and with a
 * `ConfigError` if another application's table has the name of one of ours. Then nothing is made, and the
 * store is closed.
 *
 * @throws {ConfigError} with every problem of the URL and the options.
 */
export function postgres(url: string, given: PostgresOptions = {}): Store {
  const { options, problems } = readOptions(given, shapes, owner)
  const { maxConnections = 10, statementTimeout = 5, connectionTimeout = 3 } = options
  const { cacheUsers = defaultUsers } = options
  const names: TableNames = { schema: options.schema, tablePrefix: options.tablePrefix }
  problems.push(
    ...numberProblems({ maxConnections, cacheUsers, statementTimeout, connectionTimeout }),
    ...nameProblems(names),
  )
  const target = attempt(problems, () => parsePostgresUrl(url))
  if (target === undefined || problems.length > 0) throw new ConfigError(problems)
  const scanLimit = 1000 * statementTimeout
  const deadline: Deadline = { limit: Math.min(requestLimit, scanLimit) }
  const connectionLimit = 1000 * (target.connectTimeout ?? connectionTimeout)
  const primary = watchPrimary(target, deadline.limit)
  // A statement that its caller has given up does not run on for long.
  const settings = { statement_timeout: deadline.limit, idle_in_transaction_session_timeout: 5000 }
  const connect = createConnect(target, connectionLimit, settings, primary.admit)
  const pool = createPostgresPool(connect, maxConnections, connectionLimit, primary)

  const reads = createPostgresPool(connect, readConnections, connectionLimit, primary)
  /** However many writes wait for something, a guarded request does not wait for them. */
  const leaseForRead = () => (pool.isFull ? reads : pool).lease(deadline)

  const engine = createEngine(pool, names, deadline, scanLimit)
  const guardEngine = { ...engine, prepareRead: createPrepareRead(leaseForRead) }
  const users: UserStore = createUserStore(engine)
  const sessions: SessionStore = createSessionStore(engine)
  const signingKeys: SigningKeyStore = createSigningKeyStore(engine)
  const events = createPartitionedEvents(engine)

  async function end(): Promise<void> {
    await Promise.all([pool.end(), reads.end()])
    await primary.close()
  }

  async function check(limits = deadline): Promise<void> {
    const lease = await pool.lease(limits)
    await lease.query('select 1').finally(() => lease.release())
  }

  /** For statements about all rows, which no request waits for. */
  const maintenanceDatabase = kyselyOn(pool, names, {
    limit: maintenanceLimit,
    statementTimeout: 0,
  })

  const store: Store = {
    users,
    sessions,
    identities: createIdentityStore(engine),
    signingKeys,
    throttle: createThrottleStore(engine),
    clients: createClientStore(engine),
    events,
    oneTimeTokens: createOneTimeTokenStore(engine),
    outbox: createOutboxStore(engine),
    authorizationCodes: createAuthorizationCodeStore(engine),
    consents: createConsentStore(engine),
    logoutNotices: createLogoutNoticeStore(engine),
    apiKeys: createApiKeyStore(guardEngine),
    factors: createFactorStore(engine),
    findSubject: createSubjectReader(guardEngine),
    findClientSubject: createClientSubjectReader(guardEngine),
    async open() {
      try {
        // Long enough to learn why there is no connection.
        await check({ limit: connectionLimit + requestLimit })
        await migrate(maintenanceDatabase as never)
        // Without them events are stored, too, and maintenance tells what went wrong.
        await events.prepare().catch(() => {})
      } catch (error) {
        await end()
        throw explainOpening(error)
      }
    },
    revokeAll: (...parameters) => revokeAll(transactionsOn(maintenanceDatabase), ...parameters),
    check: () => check(),
    close: end,
  }
  // The name is told when a connection is made: nothing is set in a session that others may get.
  const listening = { ...target, applicationName: channelName }
  return cachedStore(store, {
    names,
    primary,
    users: cacheUsers,
    connect: createConnect(listening, connectionLimit, {}, primary.admit),
    connections: () => sumOf(pool.counts, reads.counts),
    pruneLog: createLogPruning(engine.scans as never),
  })
}

function sumOf(one: ConnectionCounts, other: ConnectionCounts): ConnectionCounts {
  return {
    used: one.used + other.used,
    idle: one.idle + other.idle,
    waiting: one.waiting + other.waiting,
  }
}

function numberProblems(numbers: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(numbers)
    .filter(([, value]) => !Number.isSafeInteger(value) || value < 1)
    .map(([name]) => `${name} must be a whole number, 1 or more.`)
}
