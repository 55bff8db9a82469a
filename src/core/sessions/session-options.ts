import { ConfigError } from '../errors.ts'

/** How long logins last. */
export interface SessionOptions {
  /** Seconds after which a session ends that was not refreshed. Default 1209600 (14 days). */
  readonly idleLifetime?: number
  /** Seconds after which a session ends however it is used. Default 7776000 (90 days). */
  readonly lifetime?: number
  /**
   * Seconds within which a refresh token may be presented again, and is answered with the identical
   * successor: for a client that lost the answer. Default 10; 0 is strict; 300 at most.
   */
  readonly refreshGrace?: number
}

/** @throws {ConfigError} with every option that cannot be used. */
export function checkSessionOptions(options: SessionOptions = {}): Required<SessionOptions> {
  const { idleLifetime = 14 * 86400, lifetime = 90 * 86400, refreshGrace = 10 } = options
  const problems: string[] = []
  for (const [name, value] of [
    ['idle lifetime', idleLifetime],
    ['lifetime', lifetime],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 1) {
      problems.push(`The session ${name} must be a whole number of seconds, at least 1.`)
    }
  }
  if (!Number.isSafeInteger(refreshGrace) || refreshGrace < 0 || refreshGrace > 300) {
    problems.push('The refresh grace must be a whole number of seconds from 0 to 300.')
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { idleLifetime, lifetime, refreshGrace }
}
