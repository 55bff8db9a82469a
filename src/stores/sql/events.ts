import type {
  Compilable,
  CompiledQuery,
  InsertQueryBuilder,
  InsertResult,
  Kysely,
  OperationNodeSource,
  QueryCreator,
} from 'kysely'
import type { AuthEvent, EventStore } from '../../core/events/event-store.ts'
import { type AuthEventType, eventTypes } from '../../core/events/vocabulary.ts'
import { deleteFirst } from './delete-first.ts'
import { type Engine, isPostgres } from './engine.ts'
import type { EventsTable, Schema } from './schema.ts'
import { insertUnsynced } from './unsynced.ts'

/** An insert, update or delete that returns something of every row that it changes. */
export type Change<Row> = Compilable<Row> & OperationNodeSource

/**
 * Makes a change and, if it changes a row, appends the event of it in the same transaction: the one that
 * the connection is in, or a new one. Answers with what the change returns.
 */
export async function recorded<Row>(
  db: Kysely<Schema>,
  event: AuthEvent | undefined,
  change: Change<Row>,
): Promise<readonly Row[]> {
  if (event === undefined) return (await db.executeQuery<Row>(change.compile())).rows
  // PostgreSQL does both in one statement, and so in one round trip; SQLite only reads in a WITH.
  if (isPostgres(db)) {
    return (await db.executeQuery<Row>(changeAndAppend(db, event, change))).rows
  }
  if (!db.isTransaction) {
    return await db.transaction().execute((transaction) => recorded(transaction, event, change))
  }
  const { rows } = await db.executeQuery<Row>(change.compile())
  if (rows.length > 0) await db.executeQuery(appendEvent(db, event))
  return rows
}

function changeAndAppend(
  db: Kysely<Schema>,
  event: AuthEvent,
  change: Change<unknown>,
): CompiledQuery<never> {
  return db
    .with('changed', () => change as never)
    .with('recorded', (db) => appendIfChanged(db, event))
    .selectFrom('changed')
    .selectAll()
    .compile() as CompiledQuery<never>
}

type WithChanged = Schema & { readonly changed: object }

/** The part of a statement that appends an event, if the part of it named `changed` has a row. */
export function appendIfChanged(
  parts: object,
  event: AuthEvent,
): InsertQueryBuilder<WithChanged, 'events', InsertResult> {
  const db = parts as QueryCreator<WithChanged>
  const row = toRow(event)
  const columns = Object.keys(row) as (keyof EventsTable)[]
  return db
    .insertInto('events')
    .columns(columns)
    .expression(
      db
        .selectNoFrom((eb) => columns.map((column) => eb.val(row[column]).as(column)))
        .where(({ exists, selectFrom }) => exists(selectFrom('changed').selectAll())),
    )
}

/** The statement that appends an event. */
export function appendEvent(db: Kysely<Schema>, event: AuthEvent): CompiledQuery {
  return db.insertInto('events').values(toRow(event)).compile()
}

/** Events in SQL. */
export function createEventStore(engine: Engine): EventStore {
  const { db, scans, withoutSync } = engine
  return {
    append: (event) =>
      withoutSync(
        async (connection) =>
          void (await insertUnsynced(connection, 'events', toRow(event)).execute()),
      ),
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
      const first = db.selectFrom('events').where('at', '<', before).orderBy('at').limit(limit)
      return await deleteFirst(engine, 'events', ['at', 'id'], first)
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
