import type { AuthEventType } from './vocabulary.ts'

/** Something that happened. Never holds a token, password, hash or key. */
export interface AuthEvent {
  /** UUIDv7. */
  readonly id: string
  /** What happened. */
  readonly type: AuthEventType
  /** Seconds since 1970. */
  readonly at: number
  /** Whether it succeeded or was refused. */
  readonly outcome: 'success' | 'failure'
  /** Who did it: `user:<id>`, `client:<id>`, `cli:<name>`, `setup`, `system`. Absent if that is not known. */
  readonly actor?: string
  /** The user whom it concerns. */
  readonly userId?: string
  /** The OAuth client that it concerns. */
  readonly clientId?: string
  /** The session that it concerns. */
  readonly sessionId?: string
  /** The address that it came from. */
  readonly address?: string
  /** The id of the request, as in the log. */
  readonly requestId?: string
  /** Why, where the answer did not say. */
  readonly reason?: string
  /** What else there is to say of this kind of event. */
  readonly details?: Readonly<Record<string, string | number | boolean>>
}

/** Which events to list; all conditions must hold. */
export interface EventQuery {
  /** Keep events of this type. */
  readonly type?: AuthEventType
  /** Keep events that concern this user. */
  readonly userId?: string
  /** Keep events that concern this client. */
  readonly clientId?: string
  /** Keep what this actor did, such as `user:<id>`. */
  readonly actor?: string
  /** From this instant on. Seconds since 1970. */
  readonly since?: number
  /** Before this instant. */
  readonly until?: number
  /** Continue after this event, towards older ones. */
  readonly after?: Pick<AuthEvent, 'at' | 'id'>
  /** The most events to return. */
  readonly limit: number
}

/** Events at rest. They are appended, and deleted when they are old; nothing changes them. */
export interface EventStore {
  /** Need not survive a power failure: what must is given to the change that it belongs to. */
  append(event: AuthEvent): Promise<void>
  /** Newest first. */
  list(query: EventQuery): Promise<readonly AuthEvent[]>
  /**
   * Deletes events from before an instant, the oldest first, `limit` at most; returns how many. A store that
   * keeps days apart may delete whole days beyond that, and keep the rest of the day of the instant.
   */
  prune(before: number, limit: number): Promise<number>
}

/** Seconds that an event is kept at least: the database itself refuses to delete it before. */
export const eventRetentionMinimum: number = 7 * 24 * 60 * 60
