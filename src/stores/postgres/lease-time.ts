import { timeOfRequest } from '../../core/database-time.ts'
import { TimeLimit, TimeLimitError } from '../time-limit.ts'
import { unavailable } from './error.ts'

/** The time that a lease has. */
export interface LeaseTime extends Pick<TimeLimit, 'race' | 'end'> {
  /** False if other leases of the request had a part of it: then its end says nothing of the connection. */
  readonly isWhole: boolean
}

/** All of a limit. */
export function wholeLimit(limit: number): LeaseTime {
  const time = new TimeLimit(limit)
  return { isWhole: true, race: (start) => time.race(start), end: () => time.end() }
}

/**
 * What is left of a limit that a request has for all that it asks of the database.
 *
 * @throws {UnavailableError} if nothing is left: then nothing is asked.
 */
export function limitOfRequest(limit: number): LeaseTime {
  const spending = timeOfRequest()
  if (spending === undefined) return wholeLimit(limit)
  const { spent } = spending
  if (spent >= limit) throw unavailable(new TimeLimitError('the request has no time left'))
  const time = new TimeLimit(limit - spent)
  const stop = spending.begin()
  return {
    isWhole: spent === 0,
    race: (start) => time.race(start),
    end() {
      time.end()
      stop()
      // A timer leaves out what is no whole millisecond. What `spent` says is left then would do for no answer,
      // and cost the connection that is asked.
      if (time.isOver) spending.exhaust()
    },
  }
}
