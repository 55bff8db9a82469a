import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../core/clock.ts'

/** Seconds that a set-up link works. */
export const setupLifetime: number = 30 * 60

/** What a set-up link opens with. Several processes that serve one link hold the same. */
export interface SetupGrant {
  /** The secret of the link, 256 random bits. */
  readonly code: string
  /** Seconds since 1970. */
  readonly expiresAt: number
}

/** Makes a grant that expires after half an hour. */
export function createSetupGrant(clock: Clock): SetupGrant {
  return { code: randomBytes(32).toString('base64url'), expiresAt: clock() + setupLifetime }
}

/**
 * The right to create the first administrator, for the person who sees the server start. It is in
 * memory only. It expires with the process, after half an hour, and when it is used.
 */
export interface Setup {
  /** The secret of the link, 256 random bits. */
  readonly code: string
  /** Whether the link can still be used. */
  state(): 'open' | 'used' | 'expired'
  /** True if this is the code and it can still be used. */
  admits(code: string): boolean
  /** Withdraws the link. */
  close(): void
}

/**
 * Makes the right to create the first administrator, which ends after half an hour.
 * `grant`: what other processes hold too. Default: a new one.
 */
export function createSetup(
  clock: Clock,
  { code, expiresAt }: SetupGrant = createSetupGrant(clock),
): Setup {
  const digest = sha256(code)
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
