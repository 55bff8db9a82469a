import { noEnd, type ThrottleRule } from './throttle-store.ts'

const day = 24 * 60 * 60

/** An account: all the sources that it does not know together, or one that it knows. */
export const accountRule: ThrottleRule = {
  free: 5,
  firstWait: 1,
  longestWait: 15 * 60,
  // NIST SP 800-63B-4 §3.2.2: at most 100 in a row, however slowly.
  lockedFrom: 100,
  forgottenAfter: noEnd,
}

/** An account whose secret is too long to be guessed by slow attempts. */
export const unlockedRule: ThrottleRule = { ...accountRule, lockedFrom: noEnd }

/** A source, whatever it tries. Many people may be behind one address. */
export const sourceRule: ThrottleRule = {
  free: 50,
  firstWait: 1,
  longestWait: 15 * 60,
  lockedFrom: noEnd,
  forgottenAfter: day,
}

/** Seconds after the last attempt that a count is kept. */
export const keptFor: number = 30 * day
/** Seconds that a source stays known to an account after a login. */
export const knownFor: number = 90 * day
/** Counts kept at most: an attacker who invents names cannot fill the disk. */
export const maxCounts = 200_000
