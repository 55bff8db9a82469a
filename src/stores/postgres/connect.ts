import { Socket } from 'node:net'
import pg from 'pg'
import { TimeLimitError } from '../time-limit.ts'
import {
  ConnectError,
  type ConnectFailure,
  explainConnecting,
  ReadOnlyServerError,
} from './connect-error.ts'
import type { PostgresHost, PostgresTarget, TargetSession } from './url.ts'

/** A connection to a server that can be used. */
export interface PostgresConnection {
  readonly client: pg.Client
  /**
   * True behind a pooler that may give the session to others, such as PgBouncer: then nothing may be set in
   * it, nor be expected of it after a transaction.
   */
  readonly isPooled: boolean
  /** Says goodbye, and cuts the connection if the server does not take notice. */
  end(): Promise<void>
}

/**
 * Makes a new connection.
 *
 * @throws {ConnectError} with what is wrong with every host.
 */
export type Connect = () => Promise<PostgresConnection>

/** Settings of every session. */
export type SessionSettings = Pick<
  pg.ClientConfig,
  'statement_timeout' | 'idle_in_transaction_session_timeout'
>

/** Milliseconds that a server has for a goodbye. */
const goodbye = 1000

/**
 * Returns what makes connections to the servers of a URL: the hosts are tried in order, beginning
 * with the one that was good last, so that a dead one costs its time once. Each has an equal share
 * of the time that is left of `limit` milliseconds.
 */
export function createConnect(
  target: PostgresTarget,
  limit: number,
  settings: SessionSettings = {},
): Connect {
  let good = target.hosts[0]

  return async () => {
    const hosts = [...target.hosts].sort((a, b) => Number(b === good) - Number(a === good))
    const deadline = performance.now() + limit
    const failures: (ConnectFailure & { readonly host: PostgresHost; readonly error: unknown })[] =
      []
    for (const [index, host] of hosts.entries()) {
      const share = (deadline - performance.now()) / (hosts.length - index)
      try {
        const connection = await connectTo(host, target, settings, share)
        good = host
        return connection
      } catch (error) {
        const failure = explainConnecting(error)
        failures.push({ host, error, ...failure })
        if (failure.final) break
      }
    }
    const last = failures.at(-1)
    // One host that may come back is enough to wait for.
    const permanent =
      last?.final || failures.every((each) => each.permanent) ? last?.permanent : undefined
    throw new ConnectError(
      failures.map(({ host, says }) => `${placeOf(host)} ${says}`).join('; '),
      permanent,
      { cause: last?.error },
    )
  }
}

async function connectTo(
  { host, port }: PostgresHost,
  target: PostgresTarget,
  settings: SessionSettings,
  limit: number,
): Promise<PostgresConnection> {
  // Ours, so that it can be cut at any moment, which the driver does not offer.
  const socket = new Socket()
  const timer = setTimeout(() => socket.destroy(new TimeLimitError('no answer in time')), limit)
  const { ssl, ...negotiation } = host.startsWith('/') ? { ssl: false as const } : target.tls
  const client = new pg.Client({
    ...settings,
    ...negotiation,
    ...(ssl !== undefined && { ssl }),
    host,
    port,
    user: target.user,
    password: target.password,
    database: target.database,
    options: target.options,
    application_name: target.applicationName ?? 'portcullis',
    stream: () => socket,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  })
  // When a connection breaks, the statement that waits for an answer fails. The client also emits an
  // error, idle or not, which would end the process without a listener.
  client.on('error', () => {})
  let isPooled: boolean
  try {
    await client.connect()
    isPooled = await isOfPooler(client, target.session)
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
  return {
    client,
    isPooled,
    async end() {
      const cut = setTimeout(() => socket.destroy(), goodbye)
      await client.end()
      clearTimeout(cut)
    },
  }
}

/**
 * Whether a pooler is in between. A pooler that shares connections has to make up the number of a process that
 * its clients use to cancel a statement: the process that answers has another one.
 *
 * @throws {ReadOnlyServerError} if the server is not of the wanted kind.
 */
async function isOfPooler(client: pg.Client, session: TargetSession): Promise<boolean> {
  const { rows } = await client.query<{ pid: number; standby: boolean; read_only: string }>(
    "select pg_backend_pid() as pid, pg_is_in_recovery() as standby, current_setting('transaction_read_only') as read_only",
  )
  if (session !== 'any') {
    if (rows[0]?.standby) throw new ReadOnlyServerError('is a standby, which cannot be written')
    if (session === 'read-write' && rows[0]?.read_only !== 'off') {
      throw new ReadOnlyServerError('can only be read (default_transaction_read_only)')
    }
  }
  return rows[0]?.pid !== announcedPid(client)
}

/** The process of the server, as it was announced when the connection was made. */
export function announcedPid(client: pg.Client): number {
  // Not among the types of the driver.
  return (client as unknown as { readonly processID: number }).processID
}

function placeOf({ host, port }: PostgresHost): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
