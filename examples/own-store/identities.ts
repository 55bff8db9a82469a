// Links between members and identities of other issuers.

import { and, asc, eq, getColumns, sql } from 'drizzle-orm'
import type { IdentityStore } from 'portcullis/stores'
import { answer, type Database, inTransaction, type Transaction } from './database.ts'
import { addEvent } from './events.ts'
import { identities, members } from './schema.ts'
import { insertMember, readMember, toRecord } from './users.ts'

export function createIdentities(db: Database): IdentityStore {
  const findUser = db
    .select(getColumns(members))
    .from(identities)
    .innerJoin(members, eq(members.id, identities.userId))
    .where(isIdentity(sql.placeholder('issuer'), sql.placeholder('subject')))
    .prepare()

  return {
    findUser(issuer, subject) {
      const row = answer(() => findUser.get({ issuer, subject }))
      return row ? toRecord(row) : null
    },
    async link(identity, event) {
      return inTransaction(db, (tx) => {
        if (isLinked(tx, identity.issuer, identity.subject)) return 'taken'
        if (readMember(tx, identity.userId) === null) return 'no_user'
        tx.insert(identities).values(identity).run()
        addEvent(tx, event)
        return 'linked'
      })
    },
    async createUser(issuer, subject, user, event) {
      return inTransaction(db, (tx) => {
        if (isLinked(tx, issuer, subject)) return false
        insertMember(tx, user)
        const { id: userId, createdAt } = user
        tx.insert(identities).values({ issuer, subject, userId, createdAt }).run()
        addEvent(tx, event)
        return true
      })
    },
    async unlink(userId, issuer, subject, event) {
      return inTransaction(db, (tx) => {
        const theirs = and(isIdentity(issuer, subject), eq(identities.userId, userId))
        if (tx.delete(identities).where(theirs).run().changes === 0) return false
        addEvent(tx, event)
        return true
      })
    },
    async listByUser(userId) {
      return db
        .select()
        .from(identities)
        .where(eq(identities.userId, userId))
        .orderBy(asc(identities.createdAt), asc(identities.issuer), asc(identities.subject))
        .all()
    },
  }
}

type Text = string | ReturnType<typeof sql.placeholder>

function isIdentity(issuer: Text, subject: Text) {
  return and(eq(identities.issuer, issuer), eq(identities.subject, subject))
}

function isLinked(tx: Transaction, issuer: string, subject: string): boolean {
  return tx.select().from(identities).where(isIdentity(issuer, subject)).get() !== undefined
}
