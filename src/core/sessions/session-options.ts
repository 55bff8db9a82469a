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
  /**
   * Seconds within which a refresh token may be presented again after the grace, if its successor has never
   * been used: it then gets another one, and the unused one is ended. For a client whose answer was lost
   * because the database stood still. Default: the idle lifetime, but 0 if the grace is 0. With 0 every
   * token that is presented again after the grace ends its session.
   */
  readonly refreshRetryWindow?: number
}

/** The window that applies unless told otherwise: as long as a session lives unused, and none if a token is strict. */
export function defaultRetryWindow(refreshGrace: number, idleLifetime: number): number {
  return refreshGrace === 0 ? 0 : idleLifetime
}

/** @throws {ConfigError} with every option that cannot be used. */
export function checkSessionOptions(options: SessionOptions = {}): Required<SessionOptions> {
  const { idleLifetime = 14 * 86400, lifetime = 90 * 86400, refreshGrace = 10 } = options
  const { refreshRetryWindow = defaultRetryWindow(refreshGrace, idleLifetime) } = options
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
  if (!Number.isSafeInteger(refreshRetryWindow) || refreshRetryWindow < 0) {
    problems.push('The refresh retry window must be a whole number of seconds, 0 or more.')
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { idleLifetime, lifetime, refreshGrace, refreshRetryWindow }
}
