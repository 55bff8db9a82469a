import { Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely'
import pg from 'pg'
import type {
  MaybePromise,
  SessionStore,
  SigningKeyStore,
  Store,
  UserStore,
} from '../core/store.ts'
import type { Engine, TurnName } from './kysely-engine.ts'
import { createIdentityStore } from './kysely-identities.ts'
import { createSessionStore, createSubjectReader } from './kysely-sessions.ts'
import { createSigningKeyStore } from './kysely-signing-keys.ts'
import { createThrottleStore } from './kysely-throttle.ts'
import { createUserStore } from './kysely-users.ts'
import { migrate } from './migrations.ts'
import { answerLater, isUniqueViolation } from './postgres-error.ts'
import type { Schema } from './schema.ts'

export interface PostgresOptions {
  /** Connections at most. Default 10. */
  readonly maxConnections?: number
  /** Milliseconds that a statement may take. Default 5000. */
  readonly statementTimeout?: number
  /** Milliseconds to wait for a connection. Default 2000. */
  readonly connectionTimeout?: number
}

/**
 * A store in a PostgreSQL database, named by a `postgres://` URL; its parameters, such as `sslmode`,
 * are honoured. Any number of processes and machines may share it.
 *
 * It has no place for a key-encryption key: set `keyEncryptionKey`, the same for every process.
 */
export function postgres(url: string, options: PostgresOptions = {}): Store {
  const { maxConnections = 10, statementTimeout = 5000, connectionTimeout = 2000 } = options
  const pool = new pg.Pool({
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectionTimeout,
    statement_timeout: statementTimeout,
    idle_in_transaction_session_timeout: statementTimeout,
    application_name: 'portcullis',
  })
  // A connection that breaks says so to whoever waits for an answer, and is replaced at the next use.
  // It also emits an error, idle or not, which would end the process if nobody listened.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))

  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: translated(pool) }) })
  const engine = createEngine(pool, db)
  const users: UserStore = createUserStore(engine)
  const sessions: SessionStore = createSessionStore(engine)
  const signingKeys: SigningKeyStore = createSigningKeyStore(engine)
  return {
    users,
    sessions,
    identities: createIdentityStore(engine),
    signingKeys,
    throttle: createThrottleStore(db),
    findSubject: createSubjectReader(engine),
    open: () => migrate(db as never),
    async check() {
      await answerLater(pool.query('select 1'))
    },
    close: () => db.destroy(),
  }
}

function createEngine(pool: pg.Pool, db: Kysely<Schema>): Engine {
  let prepared = 0
  return {
    db,
    prepareRead(query) {
      // Parsed and planned once per connection, under its name.
      const statement = { name: `portcullis_${++prepared}`, text: query.sql }
      return (...values): MaybePromise<never> =>
        answerLater(pool.query({ ...statement, values: [...values] })).then(
          ({ rows }) => rows[0] as never,
        )
    },
    async inTurn(name, change) {
      return await db.transaction().execute(async (transaction) => {
        await sql`select pg_advisory_xact_lock(${turnNumbers[name]})`.execute(transaction)
        return await change(transaction)
      })
    },
    isUniqueViolation,
  }
}

// Advisory locks are numbers, shared by all that use the database: these begin with "port".
const turnNumbers: Readonly<Record<TurnName, number>> = {
  users: 0x706f727401,
  signing_keys: 0x706f727402,
}

/** The pool as Kysely uses it, with errors that a retry can mend made `UnavailableError`s. */
function translated(pool: pg.Pool): PostgresPool {
  return {
    async connect() {
      const client = await answerLater(pool.connect())
      return {
        query: ((...parameters: Parameters<pg.PoolClient['query']>) =>
          answerLater(client.query(...parameters) as unknown as Promise<never>)) as never,
        release: () => client.release(),
      }
    },
    end: () => pool.end(),
    options: {},
  } as PostgresPool
}
