import type { EventQuery } from '../../../src/core/events/event-store.ts'
import { type Fault, on } from './fault.ts'

/** Faults of events. */
export const events: Readonly<Record<string, Fault>> = {
  ...Object.fromEntries(
    (['type', 'userId', 'clientId', 'actor', 'since', 'until', 'after'] as const).map((member) => [
      `events.list ignores ${member}`,
      on('events', ({ list }) => ({
        list: ({ [member]: _, ...query }) => list(query as EventQuery),
      })),
    ]),
  ),
  'events.list gives one more than its limit': on('events', ({ list }) => ({
    list: (query) => list({ ...query, limit: query.limit + 1 }),
  })),
  'events.list begins with the oldest': on('events', ({ list }) => ({
    list: async (query) => (await list(query)).toReversed(),
  })),
  'events.append stores nothing': on('events', () => ({ append: async () => {} })),
  'events.prune deletes one more than its limit': on('events', ({ prune }) => ({
    prune: (before, limit) => prune(before, limit + 1),
  })),
  'events.prune deletes what is of the instant': on('events', ({ prune }) => ({
    prune: (before, limit) => prune(before + 1, limit),
  })),
  'events.prune says its limit': on('events', ({ prune }) => ({
    prune: (before, limit) => prune(before, limit).then(() => limit),
  })),
}
