// Registered clients.

import { isDeepStrictEqual } from 'node:util'
import { eq } from 'drizzle-orm'
import {
  type AuthEvent,
  type ClientRecord,
  type ClientStore,
  ConflictError,
} from 'portcullis/stores'
import { type Database, inTransaction, type Transaction } from './database.ts'
import { addEvent } from './events.ts'
import { clients } from './schema.ts'

export function createClients(db: Database): ClientStore {
  /** Replaces a client by what is made of it. False if there is none, or nothing is made. */
  function change(
    id: string,
    make: (client: ClientRecord) => ClientRecord | null,
    event: AuthEvent | undefined,
  ): boolean {
    return inTransaction(db, (tx) => {
      const client = read(tx, id)
      const record = client && make(client)
      if (record === null) return false
      tx.update(clients).set({ record }).where(eq(clients.id, id)).run()
      addEvent(tx, event)
      return true
    })
  }

  return {
    list: async () =>
      db
        .select()
        .from(clients)
        .all()
        .map(({ record }) => record),
    find: async (id) => read(db, id),
    isEmpty: async () => db.select().from(clients).limit(1).get() === undefined,
    async create(record, event) {
      inTransaction(db, (tx) => {
        const insert = tx.insert(clients).values({ id: record.id, record }).onConflictDoNothing()
        if (insert.run().changes === 0) throw new ConflictError('client_taken')
        addEvent(tx, event)
      })
    },
    async replace(before, after, event) {
      return change(before.id, (now) => (isDeepStrictEqual(now, before) ? after : null), event)
    },
    async replaceSecretHash(id, secretHash, event) {
      const make = (now: ClientRecord) => (now.secretHash === null ? null : { ...now, secretHash })
      return change(id, make, event)
    },
    async remove(id, event) {
      return inTransaction(db, (tx) => {
        if (tx.delete(clients).where(eq(clients.id, id)).run().changes === 0) return false
        addEvent(tx, event)
        return true
      })
    },
  }
}

function read(db: Database | Transaction, id: string): ClientRecord | null {
  return db.select().from(clients).where(eq(clients.id, id)).get()?.record ?? null
}
