import type { CompiledQuery, Kysely } from 'kysely'
import type { AuthEvent, EventStore } from '../core/event-store.ts'
import { type AuthEventType, eventTypes } from '../core/event-vocabulary.ts'
import type { Engine } from './kysely-engine.ts'
import type { EventsTable, Schema } from './schema.ts'

/**
 * Makes a change and, if its answer says that it changed something, appends the event of it in the same
 * transaction: the one that the connection is in, or a new one.
 */
export async function recorded<T>(
  db: Kysely<Schema>,
  event: AuthEvent | undefined,
  change: (connection: Kysely<Schema>) => Promise<T>,
): Promise<T> {
  if (event === undefined) return await change(db)
  if (!db.isTransaction) {
    return await db.transaction().execute((transaction) => recorded(transaction, event, change))
  }
  const result = await change(db)
  if (result) await db.executeQuery(appendEvent(db, event))
  return result
}

/** The statement that appends an event. */
export function appendEvent(db: Kysely<Schema>, event: AuthEvent): CompiledQuery {
  return db.insertInto('events').values(toRow(event)).compile()
}

/** Events in SQL. */
export function createEventStore({ db, scans, loosely, locksRows }: Engine): EventStore {
  return {
    append: (event) =>
      loosely(async (connection) => void (await connection.executeQuery(appendEvent(db, event)))),
    async list({ type, userId, clientId, actor, since, until, after, limit }) {
      const rows = await scans
        .selectFrom('events')
        .selectAll()
        .$if(type !== undefined, (query) => query.where('type', '=', type as AuthEventType))
        .$if(userId !== undefined, (query) => query.where('user_id', '=', userId as string))
        .$if(clientId !== undefined, (query) => query.where('client_id', '=', clientId as string))
        .$if(actor !== undefined, (query) => query.where('actor', '=', actor as string))
        .$if(since !== undefined, (query) => query.where('at', '>=', since as number))
        .$if(until !== undefined, (query) => query.where('at', '<', until as number))
        .$if(after !== undefined, (query) =>
          query.where(({ eb, refTuple, tuple }) =>
            eb(refTuple('at', 'id'), '<', tuple(after?.at as number, after?.id as string)),
          ),
        )
        .orderBy('at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(toEvent)
    },
    async prune(before, limit) {
      const { numDeletedRows } = await db
        .deleteFrom('events')
        .where(({ eb, refTuple, selectFrom }) =>
          eb(
            refTuple('at', 'id'),
            'in',
            selectFrom('events')
              .select(['at', 'id'])
              .where('at', '<', before)
              .orderBy('at')
              .limit(limit)
              .$if(locksRows, (query) => query.forUpdate().skipLocked())
              .$asTuple('at', 'id'),
          ),
        )
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
  }
}

function toRow(event: AuthEvent): EventsTable {
  return {
    id: event.id,
    at: event.at,
    type: event.type,
    actor: event.actor ?? null,
    user_id: event.userId ?? null,
    client_id: event.clientId ?? null,
    session_id: event.sessionId ?? null,
    address: event.address ?? null,
    request_id: event.requestId ?? null,
    reason: event.reason ?? null,
    details: event.details ? JSON.stringify(event.details) : null,
  }
}

function toEvent(row: EventsTable): AuthEvent {
  const members = {
    actor: row.actor,
    userId: row.user_id,
    clientId: row.client_id,
    sessionId: row.session_id,
    address: row.address,
    requestId: row.request_id,
    reason: row.reason,
    details: row.details === null ? null : JSON.parse(row.details),
  }
  return {
    id: row.id,
    type: row.type,
    // Kept as bigint by PostgreSQL, whose driver reads that as text.
    at: Number(row.at),
    outcome: eventTypes[row.type].outcome,
    ...Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)),
  }
}
