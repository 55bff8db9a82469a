import type pg from 'pg'
import type { TableNames } from '../sql/names.ts'
import { createLogReader, type LogReader } from './change-log.ts'
import { announcedPid, type Connect } from './connect.ts'
import { readCachesChannel } from './installation.ts'
import { createTurns, type Turns } from './turns.ts'

/** What its connections are called, by which listeners find one another. */
export const channelName = 'portcullis cache'

/** Milliseconds that an answer may take before the connection is taken for dead. */
const answerWithin = 1000

/**
 * One connection that listens and reads the log of changes. It is never mended: when it has ended, another one
 * is opened.
 */
export interface Channel extends Pick<Turns, 'heardUntil' | 'say' | 'sayAfterReading' | 'read'> {
  /** The number of its process on the server, which other listeners know it by. */
  readonly pid: number
  readonly ended: Promise<void>
  end(): Promise<void>
}

/** Called for a change, with a user's id or `*`, and for a message of a listener. */
export interface Listener {
  change(what: string): void
  message(words: readonly string[], sender: number): void
}

/**
 * Listens on a new connection. For each listener that is there already, its listener hear `joined`; one of
 * another installation in the database is never heard of again, and taken off the list by the first question.
 *
 * Rejects if it cannot: behind a pooler, too, which would give others a session that listens, and would miss
 * what is said while they have it.
 *
 * @param connect Opens connections under `channelName`.
 */
export async function openChannel(
  connect: Connect,
  names: TableNames,
  createListener: (channel: Channel) => Listener,
): Promise<Channel> {
  const { client, isPooled, end } = await connect()
  if (isPooled) {
    await end()
    throw behindPooler()
  }
  const pid = announcedPid(client)
  // The types do not know it. It does not keep a process alive that has nothing else to do.
  ;(client as unknown as { unref(): void }).unref()
  const { promise: ended, resolve: declareEnded } = Promise.withResolvers<void>()
  let reader: LogReader | undefined

  function fail(): void {
    turns.end()
    declareEnded()
    // With a question unanswered, that closes the socket without waiting for the other side.
    void client.end()
  }
  client.on('error', fail)
  client.on('end', fail)
  async function exchange(messages: readonly string[]): Promise<void> {
    const watchdog = setTimeout(fail, answerWithin).unref()
    try {
      // A pooler that did not show gives the connection to others meanwhile: nothing is heard then.
      if ((await reader?.exchange(messages)) !== pid) throw behindPooler()
    } finally {
      clearTimeout(watchdog)
    }
  }
  const turns = createTurns(exchange, fail)
  const { say, sayAfterReading, read } = turns
  const opened: Channel = {
    pid,
    get heardUntil() {
      return turns.heardUntil
    },
    say,
    sayAfterReading,
    read,
    ended,
    async end() {
      turns.end()
      // Waits a second at most, and keeps the process alive for that: nothing else may.
      await end()
    },
  }
  const listener = createListener(opened)
  client.on('notification', ({ payload = '', processId }) => {
    for (const line of payload.split('\n')) listener.message(line.split(' '), processId)
  })
  const watchdog = setTimeout(fail, answerWithin).unref()
  try {
    const channel = await readCachesChannel(client, names)
    reader = createLogReader(client, names, channel, listener.change)
    await listen(client, channel)
    const { rows } = await client.query<{ pid: number }>(
      'select pid from pg_stat_activity where datname = current_database() and application_name = $1',
      [channelName],
    )
    if (!rows.some((row) => row.pid === pid)) throw behindPooler()
    for (const row of rows) listener.message(['joined'], row.pid)
    turns.start()
    return opened
  } catch (error) {
    fail()
    throw error
  } finally {
    clearTimeout(watchdog)
  }
}

/**
 * Each statement has a snapshot of its own, taken after the locks. And the few new changes are found by the
 * index, planned once, of however few pages the planner has known the log.
 */
const settings = `set default_transaction_isolation to 'read committed'; set plan_cache_mode to force_generic_plan;
  set enable_seqscan to off; set enable_bitmapscan to off`

/**
 * Listens, if the process of the server is the one that was announced: for a statement, and again for the next
 * transaction, which is the one that listens.
 */
async function listen(client: pg.Client, cachesChannel: string): Promise<void> {
  const requireAnnounced = async (): Promise<void> => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    if (rows[0]?.pid !== announcedPid(client)) throw behindPooler()
  }
  await requireAnnounced()
  await client.query('begin')
  // What is not committed is undone with the connection.
  await requireAnnounced()
  await client.query(`listen ${cachesChannel}; ${settings}; commit`)
}

function behindPooler(): Error {
  return new Error('A pooler may give the session to others')
}
