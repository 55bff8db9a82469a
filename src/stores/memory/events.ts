import type { AuthEvent, EventStore } from '../../core/events/event-store.ts'

/** Keeps the event of a change, if it has one. */
export type AddEvent = (event: AuthEvent | undefined) => void

/** Events in memory. The newest few, since nothing else bounds them. */
export function createMemoryEvents(): EventStore & { readonly add: AddEvent } {
  const kept = 10_000
  let events: AuthEvent[] = []

  function isBefore(event: Pick<AuthEvent, 'at' | 'id'>, other: typeof event): boolean {
    return event.at < other.at || (event.at === other.at && event.id < other.id)
  }

  function add(event: AuthEvent | undefined): void {
    if (event !== undefined) events.push(event)
    if (events.length > 2 * kept) events = events.slice(-kept)
  }

  return {
    add,
    append: async (event) => add(event),
    async list({ type, userId, clientId, actor, since = 0, until = Infinity, after, limit }) {
      return events
        .filter((event) => type === undefined || event.type === type)
        .filter((event) => userId === undefined || event.userId === userId)
        .filter((event) => clientId === undefined || event.clientId === clientId)
        .filter((event) => actor === undefined || event.actor === actor)
        .filter(({ at }) => at >= since && at < until)
        .filter((event) => after === undefined || isBefore(event, after))
        .sort((a, b) => (isBefore(a, b) ? 1 : -1))
        .slice(0, limit)
    },
    async prune(before, limit) {
      const old = events.filter(({ at }) => at < before).sort((a, b) => (isBefore(a, b) ? -1 : 1))
      const gone = new Set(old.slice(0, limit))
      events = events.filter((event) => !gone.has(event))
      return gone.size
    },
  }
}
