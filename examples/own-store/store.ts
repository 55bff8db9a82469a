// The store: what Portcullis keeps, in the application's own database.

import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Store } from 'portcullis/stores'
import { createClients } from './clients.ts'
import { answer, type Database, inTransaction } from './database.ts'
import { addEvent, createEvents } from './events.ts'
import { createIdentities } from './identities.ts'
import { clients, members, sessions, signingKeys, state } from './schema.ts'
import { createSessions } from './sessions.ts'
import { createSigningKeys } from './signing-keys.ts'
import { createThrottle } from './throttle.ts'
import { createUsers, toRecord } from './users.ts'

/** Takes a database that is open and up to date. The store closes it. */
export function ownStore(db: Database): Store {
  // Every guarded request reads this: prepared once, three lookups by primary key.
  const findSubject = db
    .select({
      member: members,
      sessionStamp: sessions.securityStamp,
      keysVersion: state.keysVersion,
    })
    .from(members)
    .innerJoin(state, sql`true`)
    .leftJoin(
      sessions,
      and(
        eq(sessions.id, sql.placeholder('sessionId')),
        eq(sessions.userId, members.id),
        isNull(sessions.revokedAt),
      ),
    )
    .where(eq(members.id, sql.placeholder('userId')))
    .prepare()

  const findClient = db
    .select({ client: clients.record, keysVersion: state.keysVersion, epoch: state.epoch })
    .from(state)
    .leftJoin(clients, eq(clients.id, sql.placeholder('clientId')))
    .prepare()

  const ping = db.select({ id: state.id }).from(state).prepare()

  return {
    users: createUsers(db),
    sessions: createSessions(db),
    identities: createIdentities(db),
    signingKeys: createSigningKeys(db),
    throttle: createThrottle(db),
    clients: createClients(db),
    events: createEvents(db),
    findSubject(userId, sessionId) {
      const row = answer(() => findSubject.get({ userId, sessionId }))
      if (row === undefined) return null
      const { member, sessionStamp, keysVersion } = row
      return { user: toRecord(member), sessionStamp, keysVersion }
    },
    findClientSubject(clientId) {
      const row = answer(() => findClient.get({ clientId }))
      if (row === undefined) throw new Error('The table auth_state has no row.')
      return row
    },
    async revokeAll(securityStamp, now, event) {
      inTransaction(db, (tx) => {
        tx.update(members).set({ stamp: securityStamp }).run()
        tx.delete(signingKeys).run()
        const keysVersion = sql`max(${state.keysVersion} + 1, ${now})`
        tx.update(state).set({ keysVersion, epoch: securityStamp }).run()
        addEvent(tx, event)
      })
      return true
    },
    open: async () => {},
    async check() {
      answer(() => ping.get())
    },
    async close() {
      db.$client.close()
    },
  }
}
