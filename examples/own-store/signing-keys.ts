// Signing keys: one set, with a version.

import { eq, inArray, sql } from 'drizzle-orm'
import type { SigningKeyStore } from 'portcullis/stores'
import { type Database, inTransaction } from './database.ts'
import { addEvent } from './events.ts'
import { signingKeys, state } from './schema.ts'

export function createSigningKeys(db: Database): SigningKeyStore {
  const readVersion = db.select({ version: state.keysVersion }).from(state).prepare()

  return {
    async read() {
      // One statement, so that the keys are those of the version.
      const rows = db
        .select({ version: state.keysVersion, key: signingKeys.record })
        .from(state)
        .leftJoin(signingKeys, sql`true`)
        .all()
      return { version: Number(rows[0]?.version), keys: rows.flatMap(({ key }) => key ?? []) }
    },
    version: async () => Number(readVersion.get()?.version),
    async change(from, { put, remove }, events = []) {
      return inTransaction(db, (tx) => {
        const next = tx.update(state).set({ keysVersion: from + 1 })
        if (next.where(eq(state.keysVersion, from)).run().changes === 0) return false
        for (const record of put) {
          tx.insert(signingKeys)
            .values({ id: record.id, record })
            .onConflictDoUpdate({ target: signingKeys.id, set: { record } })
            .run()
        }
        tx.delete(signingKeys)
          .where(inArray(signingKeys.id, [...remove]))
          .run()
        for (const event of events) addEvent(tx, event)
        return true
      })
    },
  }
}
