import type { Clock } from './clock.ts'

/**
 * What can happen, in the words of OWASP's logging vocabulary where it has one. The names are stable:
 * alerts may be built on them.
 */
export type AuthEventType =
  /** A refresh token was presented again after its time: somebody holds a copy. The session ended. */
  | 'authn_token_reuse'
  /** A client presented a token of another client's session, which goes on. */
  | 'authn_token_wrong_client'
  /** A session was ended on purpose: a log-out, or an administrator's doing. */
  | 'session_ended'
  /** A signing key was made, and published; when it signs, the store knows. */
  | 'key_rotated'
  /** A signing key was ended on purpose, and all its access tokens with it. */
  | 'key_retired'
  /** The keys of another issuer could not be fetched; those known are believed for a while. */
  | 'issuer_keys_failed'

/** Something that an operator may want to know. Never holds a token, password, hash or key. */
export interface AuthEvent {
  readonly type: AuthEventType
  /** Seconds since 1970. */
  readonly at: number
  readonly userId?: string
  readonly sessionId?: string
  /** Whoever did it. */
  readonly clientId?: string
  /** The `kid` of a signing key. */
  readonly keyId?: string
  /** The other issuer. */
  readonly issuer?: string
  /** Why it failed. */
  readonly reason?: string
}

/** Where events are recorded, and heard of. */
export interface AuthEvents {
  record(event: Omit<AuthEvent, 'at'>): void
  /** Calls the listener with every event from now on. Returns what ends that. */
  subscribe(listener: (event: AuthEvent) => void): () => void
}

export function createAuthEvents(clock: Clock): AuthEvents {
  const listeners = new Set<(event: AuthEvent) => void>()
  return {
    record(event) {
      const stamped: AuthEvent = Object.freeze({ ...event, at: clock() })
      for (const listener of listeners) listener(stamped)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
