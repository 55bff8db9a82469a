import { Socket } from 'node:net'
import pg from 'pg'
import { TimeLimitError } from '../time-limit.ts'
import {
  ConnectError,
  type ConnectFailure,
  explainConnecting,
  ReadOnlyServerError,
} from './connect-error.ts'
import { type Admit, parseTimeline, timelineColumn } from './timelines.ts'
import type { PostgresHost, PostgresTarget, TargetSession } from './url.ts'

/** A connection to a server that can be used. */
export interface PostgresConnection {
  readonly client: pg.Client
  /**
   * True behind a pooler that may give the session to others, such as PgBouncer: then nothing may be set in
   * it, nor be expected of it after a transaction.
   */
  readonly isPooled: boolean
  /** That of the server when the connection was made; 0 where it was not asked. */
  readonly timeline: number
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
 *
 * @param admit Asked whether a server is the primary. A connection is cut when another one has become it.
 */
export function createConnect(
  target: PostgresTarget,
  limit: number,
  settings: SessionSettings = {},
  admit?: Admit,
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
        const connection = await connectTo(host, target, settings, share, admit)
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

/** Makes a connection to one server. Rejects with what `explainConnecting` explains. */
export async function connectTo(
  { host, port }: PostgresHost,
  target: PostgresTarget,
  settings: SessionSettings,
  limit: number,
  admit?: Admit,
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
  let server: Server
  try {
    await client.connect()
    server = await readServer(client, target.session, admit !== undefined)
    if (admit) cutOnAbort(socket, admit(server.timeline))
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
  return {
    client,
    ...server,
    async end() {
      const cut = setTimeout(() => socket.destroy(), goodbye)
      await client.end()
      clearTimeout(cut)
    },
  }
}

function cutOnAbort(socket: Socket, signal: AbortSignal): void {
  const cut = () => socket.destroy(signal.reason)
  signal.addEventListener('abort', cut)
  socket.once('close', () => signal.removeEventListener('abort', cut))
}

type Server = Pick<PostgresConnection, 'isPooled' | 'timeline'>

interface ServerRow {
  readonly pid: number
  readonly standby: boolean
  readonly read_only: string
  readonly timeline?: string | null
}

/**
 * Asks the server what it is. A pooler that shares connections has to make up the number of a process that
 * its clients use to cancel a statement: the process that answers has another one.
 *
 * @throws {ReadOnlyServerError} if the server is not of the wanted kind.
 */
async function readServer(
  client: pg.Client,
  session: TargetSession,
  withTimeline: boolean,
): Promise<Server> {
  const { rows } = await client.query<ServerRow>(
    `select pg_backend_pid() as pid, pg_is_in_recovery() as standby,
      current_setting('transaction_read_only') as read_only${withTimeline ? `, ${timelineColumn}` : ''}`,
  )
  if (session !== 'any') {
    if (rows[0]?.standby) throw new ReadOnlyServerError('is a standby, which cannot be written')
    if (session === 'read-write' && rows[0]?.read_only !== 'off') {
      throw new ReadOnlyServerError('can only be read (default_transaction_read_only)')
    }
  }
  return {
    isPooled: rows[0]?.pid !== announcedPid(client),
    timeline: parseTimeline(rows[0]?.timeline),
  }
}

/** The process of the server, as it was announced when the connection was made. */
export function announcedPid(client: pg.Client): number {
  // Not among the types of the driver.
  return (client as unknown as { readonly processID: number }).processID
}

/** A host as a URL names it. */
export function placeOf({ host, port }: PostgresHost): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
