import { type Kysely, PostgresDialect, type PostgresPool } from 'kysely'
import { type DatabaseInspection, inspectTables } from '../inspection.ts'
import { createKysely } from '../sql/named-tables.ts'
import type { TableNames } from '../sql/names.ts'
import type { Schema } from '../sql/schema.ts'
import type { SealingKeys } from '../sql/sealed-signs.ts'
import { createConnect, type PostgresConnection } from './connect.ts'
import { explainOpening } from './error.ts'
import { findOlderPrimaries } from './older-primaries.ts'
import { parsePostgresUrl } from './url.ts'

/** Milliseconds, as those of the store. */
const connectionLimit = 3000
const statementTimeout = 5000

/**
 * Looks at a PostgreSQL database in a transaction that cannot write.
 *
 * @throws {StoreError} or {UnavailableError} if it cannot be read.
 */
export async function inspectPostgres(
  url: string,
  names: TableNames = {},
  sealing: SealingKeys | null = null,
): Promise<DatabaseInspection> {
  const target = parsePostgresUrl(url)
  const limit = 1000 * (target.connectTimeout ?? connectionLimit / 1000)
  let connection: PostgresConnection | undefined
  try {
    connection = await createConnect(target, limit, { statement_timeout: statementTimeout })()
    const { client, isPooled } = connection
    await client.query('start transaction read only')
    const server = await client.query<ServerRow>(serverQuery)
    const startedAt = performance.now()
    const { rows } = await client.query<{ now: number }>(
      'select extract(epoch from clock_timestamp())::float8 as now',
    )
    const answeredAt = performance.now()
    const ours = Date.now() / 1000
    const latency = answeredAt - startedAt
    // The server read its clock about half-way.
    const clockOffset = (rows[0]?.now ?? ours) - (ours - latency / 2000)
    const { version = '', max_connections = '0', limit: set } = server.rows[0] ?? {}
    return {
      engine: 'PostgreSQL',
      version,
      latency,
      damages: [],
      clockOffset,
      maxConnections: Number(max_connections),
      pooler: isPooled ? { limitsStatements: set !== '0' } : null,
      olderPrimaries: await findOlderPrimaries(target),
      ...(await inspectTables(kyselyOn(connection, names), sealing)),
    }
  } catch (error) {
    throw explainOpening(error)
  } finally {
    // What is not committed is undone, though there is nothing.
    await connection?.end()
  }
}

interface ServerRow {
  readonly version: string
  readonly max_connections: string
  readonly limit: string
}

const serverQuery = `select current_setting('server_version') as version,
  current_setting('max_connections') as max_connections,
  current_setting('statement_timeout') as limit`

/** Kysely on one connection, which every query uses. */
function kyselyOn({ client }: PostgresConnection, names: TableNames): Kysely<Schema> {
  const lease = {
    query: (text: string, values: unknown[]) => client.query(text, values),
    release() {},
  }
  const pool = { connect: async () => lease, end: async () => {}, options: {} }
  const dialect = new PostgresDialect({ pool: pool as unknown as PostgresPool })
  return createKysely(dialect, names)
}
