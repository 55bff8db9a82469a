import { v7 as uuidv7 } from 'uuid'
import { knownAddress } from '../address.ts'
import type { Clock } from '../clock.ts'
import { ConfigError } from '../errors.ts'
import { type PageQuery, withLimit } from '../page.ts'
import { pruneInBatches } from '../prune-batches.ts'
import { createEventBudget } from './budget.ts'
import type { EventType } from './event-kind.ts'
import {
  type AuthEvent,
  type EventQuery,
  type EventStore,
  eventRetentionMinimum,
} from './event-store.ts'
import { eventTypes } from './vocabulary.ts'

/** Who does something, and from where: what an event says of it. Each may be unknown. */
export type Actor = Partial<Readonly<Record<'actor' | 'address' | 'requestId', string | undefined>>>

/** Who a user or a client is in the words of `actor`. */
export function actorOf(who: { readonly userId: string } | { readonly clientId: string }): string {
  return 'userId' in who ? `user:${who.userId}` : `client:${who.clientId}`
}

/** An event that is about to be recorded. */
export type NewEvent = Pick<AuthEvent, 'type'> & {
  readonly [Member in Exclude<keyof AuthEvent, 'id' | 'type' | 'at' | 'outcome'>]?:
    | AuthEvent[Member]
    | undefined
}

/** Events as an application hears of them and finds them again. */
export interface Events {
  /** Calls the listener with every event from now on. Returns what ends that. */
  subscribe(listener: (event: AuthEvent) => void): () => void
  /**
   * The stored events, newest first, `limit` at most.
   *
   * @throws {RangeError} if the limit is no whole number, or below 1.
   */
  list(query?: PageQuery<EventQuery>): Promise<readonly AuthEvent[]>
  /** Deletes events that are older than they are kept, in small batches; returns how many. */
  prune(signal?: AbortSignal): Promise<number>
}

/** The same, with what records them. */
export interface AuthEvents extends Events {
  /**
   * Makes a change together with the record of it: `change` gets the event, to be stored in its own
   * transaction.
   *
   * @param happened Whether the answer says that something was changed; else nothing has happened.
   * Default: all answers do but false, null and 0.
   */
  recordWith<T>(
    event: NewEvent,
    change: (event: AuthEvent) => Promise<T>,
    happened?: (answer: T) => boolean,
  ): Promise<T>
  /** Records what changes nothing, such as a refusal. Of some kinds a flood is counted, not stored. */
  record(event: NewEvent): Promise<void>
  /** Tells of what has been stored. */
  publish(event: AuthEvent): void
  /** Gives a new event its id and time. */
  stamp(event: NewEvent): AuthEvent
}

/** The part that is for applications: what is recorded is what core did, and nothing else. */
export function publicEvents({ subscribe, list, prune }: AuthEvents): Events {
  return { subscribe, list, prune }
}

/** Seconds that events are kept unless told otherwise: 90 days. */
export const eventRetention: number = 90 * 24 * 60 * 60

export function createAuthEvents(store: EventStore, clock: Clock, retention: number): AuthEvents {
  const listeners = new Set<(event: AuthEvent) => void>()
  const budget = createEventBudget(clock)

  function publish(event: AuthEvent): void {
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (error) {
        // The event has happened, even if a listener fails.
        process.emitWarning(error instanceof Error ? error : new Error(String(error)))
      }
    }
  }

  function stamp({ type, address, ...rest }: NewEvent): AuthEvent {
    const members = { ...rest, address: knownAddress(address) }
    const known = Object.entries(members).filter(([, value]) => value !== undefined)
    const { outcome } = eventTypes[type]
    return Object.freeze({ id: uuidv7(), type, at: clock(), outcome, ...Object.fromEntries(known) })
  }

  return {
    stamp,
    publish,
    async recordWith(event, change, happened = isChange) {
      const stamped = stamp(event)
      const answer = await change(stamped)
      if (happened(answer)) publish(stamped)
      return answer
    },
    async record(event) {
      const { bounded, passing }: EventType = eventTypes[event.type]
      const missed = bounded ? budget.take(event.type) : 0
      const details = missed ? { ...event.details, not_stored: missed } : event.details
      const stamped = stamp({ ...event, details })
      publish(stamped)
      if (missed !== null && !passing) await store.append(stamped)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    list: async (query) => store.list(withLimit(query)),
    prune: (signal) => pruneInBatches((limit) => store.prune(clock() - retention, limit), signal),
  }
}

function isChange(answer: unknown): boolean {
  return answer !== false && answer !== null && answer !== 0
}

/** @throws {ConfigError} if events cannot be kept for so many seconds. */
export function checkEventRetention(retention: number = eventRetention): number {
  if (Number.isSafeInteger(retention) && retention >= eventRetentionMinimum) return retention
  throw new ConfigError([
    `The event retention must be a whole number of seconds, at least ${eventRetentionMinimum} (7 days).`,
  ])
}
