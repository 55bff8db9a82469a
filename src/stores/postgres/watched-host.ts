import { within } from '../time-limit.ts'
import { connectTo, type PostgresConnection, placeOf } from './connect.ts'
import { explainConnecting } from './connect-error.ts'
import { parseTimeline, type Timelines, timelineColumn } from './timelines.ts'
import type { PostgresHost, PostgresTarget } from './url.ts'

/** What the connections are called in `pg_stat_activity`. */
export const watchName = 'portcullis watch'

/** Milliseconds after which a connection, or its answer, is given up. */
const giveUpAfter = 3000
/** Milliseconds before another connection is tried. */
const pause = 100

/** One server of several, and a small connection to it that is made again when it is lost. */
export interface WatchedHost {
  /** True while a question has no answer. */
  readonly isAsked: boolean
  /** What was wrong with it the last time, for the operator of the database. */
  readonly says: string
  /** Its timeline, 0 if it is a standby. Rejects if it cannot be asked, or is an older primary. */
  ask(): Promise<number>
  end(): Promise<void>
}

export function createWatchedHost(
  host: PostgresHost,
  target: PostgresTarget,
  timelines: Timelines,
): WatchedHost {
  let connection: PostgresConnection | undefined
  let isAsked = false
  let isEnded = false
  let says = 'was not asked'
  let retryAt = Number.NEGATIVE_INFINITY

  async function open(): Promise<PostgresConnection> {
    const opened = await connectTo(
      host,
      { ...target, session: 'any', applicationName: watchName },
      {},
      giveUpAfter,
    )
    // The types do not know it. It does not keep a process alive that has nothing else to do.
    ;(opened.client as unknown as { unref(): void }).unref()
    opened.client.once('end', () => {
      if (connection === opened) connection = undefined
    })
    connection = opened
    if (isEnded) drop()
    return opened
  }

  function drop(): void {
    connection?.end().catch(() => {})
    connection = undefined
  }

  async function read({ client }: PostgresConnection): Promise<number> {
    const answer = client.query<{ timeline: string | null }>(`select ${timelineColumn}`)
    const { rows } = await within(giveUpAfter, answer)
    return parseTimeline(rows[0]?.timeline)
  }

  /** A connection that is there may have been lost since the last question, which says nothing of the server. */
  async function readAnyhow(): Promise<number> {
    if (connection !== undefined) {
      const timeline = await read(connection).catch(() => null)
      if (timeline !== null) return timeline
      drop()
    }
    return await read(await open())
  }

  return {
    get isAsked() {
      return isAsked
    },
    get says() {
      return `${placeOf(host)} ${isAsked ? 'does not answer' : says}`
    },
    async ask() {
      if (isEnded || (connection === undefined && performance.now() < retryAt)) {
        throw new Error(says)
      }
      isAsked = true
      try {
        const timeline = await readAnyhow()
        if (timeline > 0) timelines.admit(timeline)
        says = timeline > 0 ? 'is the primary' : 'is a standby, which cannot be written'
        return timeline
      } catch (error) {
        says = explainConnecting(error).says
        retryAt = performance.now() + pause
        // One that leads to an older primary may lead to another server the next time.
        drop()
        throw error
      } finally {
        isAsked = false
      }
    },
    async end() {
      isEnded = true
      await connection?.end().catch(() => {})
    },
  }
}
