import type { Clock } from '../clock.ts'
import { createKeyedDigest } from '../keys/keyed-digest.ts'
import { sourceOf } from '../throttle/source.ts'
import { noEnd, type ThrottleRule, type ThrottleStore } from '../throttle/throttle-store.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** An address: 3 at once, then one a minute, growing to one an hour. */
const addressRule: ThrottleRule = {
  free: 2,
  firstWait: minute,
  longestWait: hour,
  lockedFrom: noEnd,
  forgottenAfter: day,
}
/** An address: 10, and then none for a day. */
const dayRule: ThrottleRule = { ...addressRule, free: 9, firstWait: day, longestWait: day }
/** A source: 10, and then none for an hour. */
const sourceRule: ThrottleRule = {
  ...{ free: 9, firstWait: hour, longestWait: hour },
  ...{ lockedFrom: noEnd, forgottenAfter: hour },
}

/** Mails that this process lets strangers cause at once, and in a second after that. */
const burst = 1000
const refillPerSecond = 10

/**
 * Bounds the mails that somebody who is not known can cause, over all kinds and, but for the burst, over
 * all processes. What is beyond a limit is not sent, and the answer to the request does not say so.
 */
export interface MailLimits {
  /**
   * Counts a request for a mail. False if no mail is to be made of it.
   *
   * @param asked The address in the form that addresses are compared in, or the name that was typed.
   * @param address The IP address that the request came from. Without one no source is counted.
   */
  mayCause(asked: string, address: string | undefined): Promise<boolean>
  /**
   * Counts a mail to an address that was found out only when the mail was to be sent. False if it has had
   * enough. For what `mayCause` has counted by a name: an address that it was given is counted already.
   */
  mayReach(emailKey: string): Promise<boolean>
}

/** @param secret At least 32 bytes; a key for this purpose alone is derived from it (RFC 5869). */
export function createMailLimits(
  store: ThrottleStore,
  secret: Uint8Array,
  clock: Clock,
): MailLimits {
  const digest = createKeyedDigest(secret, 'portcullis mail limits')
  const bucket = createBucket(clock)

  async function count(rule: ThrottleRule, ...key: readonly string[]): Promise<boolean> {
    const outcome = await store.count({ key: digest(...key), now: clock(), rule })
    return outcome.kind === 'counted'
  }

  async function mayReach(asked: string): Promise<boolean> {
    // In this order: a request that comes too early does not use up the ten of a day.
    return (
      (await count(addressRule, 'address', asked)) &&
      (await count(dayRule, 'day of address', asked))
    )
  }

  return {
    mayReach,
    async mayCause(asked, address) {
      if (!bucket.take()) return false
      if (address !== undefined && !(await count(sourceRule, 'source', sourceOf(address)))) {
        // It causes no mail and no row, so one source alone empties nothing.
        bucket.putBack()
        return false
      }
      return await mayReach(asked)
    },
  }
}

/** What fills again as time goes by. */
interface Bucket {
  /** Takes one. False if it is empty. */
  take(): boolean
  /** Gives one back that was taken for nothing. */
  putBack(): void
}

function createBucket(clock: Clock): Bucket {
  let room = burst
  let at = clock()
  return {
    take() {
      const now = clock()
      // A clock that was set back refills nothing.
      room = Math.min(burst, room + Math.max(0, now - at) * refillPerSecond)
      at = now
      if (room < 1) return false
      room--
      return true
    },
    putBack() {
      room = Math.min(burst, room + 1)
    },
  }
}
