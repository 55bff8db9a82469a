import { ReadOnlyServerError } from './connect-error.ts'
import { unavailable } from './error.ts'

/**
 * Lets a server in whose timeline is the highest that was ever seen. The signal is aborted when a higher one
 * is seen.
 *
 * @throws {ReadOnlyServerError} for a lower one.
 */
export type Admit = (timeline: number) => AbortSignal

/** The timelines that the servers of a URL have been seen on. */
export interface Timelines {
  /** It never goes back. 0 as long as none was seen. */
  readonly highest: number
  readonly admit: Admit
}

/**
 * The column of a query that tells the timeline: 8 hexadecimal digits, or null in recovery. It changes at
 * once when a standby is promoted. Everybody may ask.
 */
export const timelineColumn =
  'case when not pg_is_in_recovery() then substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end as timeline'

/** The number in that column; 0 for a standby. */
export function parseTimeline(column: string | null | undefined): number {
  return Number.parseInt(column ?? '0', 16)
}

export function anotherPrimary(): Error {
  return unavailable(new ReadOnlyServerError('another server has become the primary'))
}

/**
 * PostgreSQL begins a new timeline, with a higher number, whenever a standby is promoted. So of two servers that
 * take themselves for the primary, the one on the lower timeline was left behind.
 */
export function createTimelines(): Timelines {
  let highest = 0
  let reign = new AbortController()

  return {
    get highest() {
      return highest
    },
    admit(timeline) {
      if (timeline < highest) {
        throw new ReadOnlyServerError(
          `is an older primary: on timeline ${timeline}, and ${highest} was seen (if PostgreSQL was upgraded or exchanged, restart this process)`,
        )
      }
      if (timeline > highest) {
        const before = reign
        highest = timeline
        reign = new AbortController()
        before.abort(anotherPrimary())
      }
      return reign.signal
    },
  }
}
