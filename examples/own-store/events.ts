// The record of what happened.

import { and, asc, desc, eq, gte, inArray, lt, or } from 'drizzle-orm'
import type { AuthEvent, EventStore } from 'portcullis/stores'
import { type Database, inTransaction, type Transaction } from './database.ts'
import { events } from './schema.ts'

/** Adds the event of a change, if it has one, in the transaction of the change. */
export function addEvent(tx: Transaction, event: AuthEvent | undefined): void {
  if (event === undefined) return
  const { id, at, type, userId, clientId, actor } = event
  tx.insert(events).values({ id, at, type, userId, clientId, actor, record: event }).run()
}

export function createEvents(db: Database): EventStore {
  return {
    async append(event) {
      inTransaction(db, (tx) => addEvent(tx, event))
    },
    async list({ type, userId, clientId, actor, since, until, after, limit }) {
      const rows = db
        .select({ record: events.record })
        .from(events)
        .where(
          and(
            type && eq(events.type, type),
            userId === undefined ? undefined : eq(events.userId, userId),
            clientId === undefined ? undefined : eq(events.clientId, clientId),
            actor === undefined ? undefined : eq(events.actor, actor),
            since === undefined ? undefined : gte(events.at, since),
            until === undefined ? undefined : lt(events.at, until),
            after &&
              or(lt(events.at, after.at), and(eq(events.at, after.at), lt(events.id, after.id))),
          ),
        )
        .orderBy(desc(events.at), desc(events.id))
        .limit(limit)
        .all()
      return rows.map(({ record }) => record)
    },
    async prune(before, limit) {
      const oldest = db
        .select({ id: events.id })
        .from(events)
        .where(lt(events.at, before))
        .orderBy(asc(events.at), asc(events.id))
        .limit(limit)
      return inTransaction(db, (tx) =>
        Number(tx.delete(events).where(inArray(events.id, oldest)).run().changes),
      )
    },
  }
}
