import type pg from 'pg'
import { changesChannel } from '../migrations/change-notifications.ts'
import type { TableNames } from '../sql/names.ts'
import { announcedPid, type Connect } from './connect.ts'
import { readCachesChannel } from './installation.ts'

/** What its connections are called, by which listeners find one another. */
export const channelName = 'portcullis cache'

/** Milliseconds that an answer may take before the connection is taken for dead. */
const answerWithin = 1000
/** Messages that are sent as one; PostgreSQL takes 8000 bytes at once. */
const maxBatch = 100

/** One connection that listens. It is never mended: when it has ended, another one is opened. */
export interface Channel {
  /** The number of its process on the server, which other listeners know it by. */
  readonly pid: number
  /**
   * The instant, by `performance.now()`, until which everything that was committed has been heard,
   * and what others asked has been answered. -Infinity once the connection has ended.
   */
  readonly heardUntil: number
  /** Sends messages to all listeners, and moves `heardUntil`; without messages, only that. */
  say(...messages: readonly string[]): Promise<void>
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
  let heardUntil = -Infinity
  let state: 'opening' | 'open' | 'ended' = 'opening'
  const { promise: ended, resolve: declareEnded } = Promise.withResolvers<void>()
  const unsaid: string[] = []
  let speaking: Promise<void> | undefined
  let cachesChannel = ''

  function fail(): void {
    state = 'ended'
    heardUntil = -Infinity
    declareEnded()
    // With a question unanswered, that closes the socket without waiting for the other side.
    void client.end()
  }
  client.on('error', fail)
  client.on('end', fail)
  async function speak(): Promise<void> {
    do {
      const sentAt = performance.now()
      const batch = unsaid.splice(0, maxBatch)
      const watchdog = setTimeout(fail, answerWithin).unref()
      try {
        const { rows } = await client.query<{ pid: number }>({
          name: 'portcullis_say',
          // What is said does not wait for the disk or a standby.
          text: `select pg_backend_pid() as pid, case when $1 <> '' then pg_notify($2, $1) end,
            set_config('synchronous_commit', 'off', true)`,
          values: [batch.join('\n'), cachesChannel],
        })
        // A pooler that did not show gives the connection to others meanwhile: nothing is heard then.
        if (rows[0]?.pid !== pid) return fail()
      } catch {
        return fail()
      } finally {
        clearTimeout(watchdog)
      }
      // The server delivers what was committed before a question ahead of its answer. While we owe
      // others an answer they may have given us up, so we do not trust ourselves.
      if (unsaid.length === 0 && state === 'open') heardUntil = sentAt
    } while (unsaid.length > 0 && state === 'open')
    speaking = undefined
  }

  async function say(...messages: readonly string[]): Promise<void> {
    unsaid.push(...messages)
    if (state === 'open') speaking ??= speak()
    await speaking
  }

  const opened: Channel = {
    pid,
    get heardUntil() {
      return heardUntil
    },
    say,
    ended,
    async end() {
      state = 'ended'
      heardUntil = -Infinity
      // Waits a second at most, and keeps the process alive for that: nothing else may.
      await end()
    },
  }
  const listener = createListener(opened)
  client.on('notification', ({ channel, payload = '', processId }) => {
    if (channel === changesChannel) return listener.change(payload)
    for (const line of payload.split('\n')) listener.message(line.split(' '), processId)
  })
  const watchdog = setTimeout(fail, answerWithin).unref()
  try {
    cachesChannel = await readCachesChannel(client, names)
    await listen(client, cachesChannel)
    const { rows } = await client.query<{ pid: number }>(
      'select pid from pg_stat_activity where datname = current_database() and application_name = $1',
      [channelName],
    )
    if (!rows.some((row) => row.pid === pid)) throw behindPooler()
    for (const row of rows) listener.message(['joined'], row.pid)
    if (state === 'opening') state = 'open'
    return opened
  } catch (error) {
    fail()
    throw error
  } finally {
    clearTimeout(watchdog)
  }
}

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
  await client.query(`listen ${changesChannel}; listen ${cachesChannel}; commit`)
}

function behindPooler(): Error {
  return new Error('A pooler may give the session to others')
}
