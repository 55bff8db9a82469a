/**
 * Tells the time: seconds since 1970-01-01T00:00:00Z, a whole number (NumericDate, RFC 7519 §2).
 *
 * Everything in core that needs the time takes a clock, so that a test can move it. Waits are measured
 * by a monotonic clock, which cannot be set back.
 */
export type Clock = () => number

/** The machine's wall clock. */
export const systemClock: Clock = () => Math.floor(Date.now() / 1000)

/** Seconds that `exp` and `nbf` may be off, for clocks that differ (RFC 7519 §4.1.4). */
export const clockTolerance = 30
