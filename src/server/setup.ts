import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../core/clock.ts'

/** Seconds that a set-up link works. */
export const setupLifetime: number = 30 * 60

/**
 * The right to create the first administrator, held by whoever sees the server start. Kept in this
 * process only: it dies with it, after half an hour, and when it is used.
 */
export interface Setup {
  /** The secret of the link, 256 random bits. */
  readonly code: string
  /** What the link is good for now. */
  state(): 'open' | 'used' | 'expired'
  /** True if this is the code and it can still be used. */
  admits(code: string): boolean
  close(): void
}

/** Makes the right to create the first administrator, which ends after `setupLifetime` seconds. */
export function createSetup(clock: Clock): Setup {
  const code = randomBytes(32).toString('base64url')
  const digest = sha256(code)
  const expiresAt = clock() + setupLifetime
  let used = false

  function state(): 'open' | 'used' | 'expired' {
    if (used) return 'used'
    return clock() < expiresAt ? 'open' : 'expired'
  }

  return {
    code,
    state,
    admits: (candidate) => state() === 'open' && timingSafeEqual(sha256(candidate), digest),
    close() {
      used = true
    },
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
