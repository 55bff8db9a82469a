// Sessions: one for each login.

import { and, desc, eq, exists, gt, inArray, isNull, lt, notInArray, or } from 'drizzle-orm'
import { browserClientId, firstPartyClientId } from 'portcullis'
import type { SessionRecord, SessionStore } from 'portcullis/stores'
import { type Database, inTransaction, type Transaction } from './database.ts'
import { addEvent } from './events.ts'
import { members, sessions } from './schema.ts'
import { isAsTokenSays, readMember, settledRetryOf } from './users.ts'

export function createSessions(db: Database): SessionStore {
  /** The condition that a session's user is active and has the session's stamp. */
  const hasLiveUser = exists(
    db
      .select({ id: members.id })
      .from(members)
      .where(
        and(
          eq(members.id, sessions.userId),
          eq(members.stamp, sessions.securityStamp),
          eq(members.isActive, true),
        ),
      ),
  )

  return {
    async create(session, event) {
      return inTransaction(db, (tx) => {
        const user = readMember(tx, session.userId)
        if (!user?.active || user.securityStamp !== session.securityStamp) return false
        if (session.parentId !== null && !hasLiveParent(tx, session)) return false
        tx.insert(sessions).values(session).run()
        addEvent(tx, event)
        return true
      })
    },
    async find(id) {
      return db.select().from(sessions).where(eq(sessions.id, id)).get() ?? null
    },
    async rotate({ id, generation, retryOf = null, clientId, now, idleSince }) {
      // One statement with every condition: of two at the same time, the second finds no row.
      return inTransaction(
        db,
        (tx) =>
          tx
            .update(sessions)
            .set({ generation: generation + 1, retryOf, rotatedAt: now })
            .where(
              and(
                eq(sessions.id, id),
                eq(sessions.generation, generation),
                eq(sessions.clientId, clientId),
                isNull(sessions.revokedAt),
                gt(sessions.expiresAt, now),
                gt(sessions.rotatedAt, idleSince),
                hasLiveUser,
              ),
            )
            .returning()
            .get() ?? null,
      )
    },
    async reauthenticate(
      { id, userId, securityStamp, idleSince, authenticatedAt, acr, amr, generation, token },
      event,
    ) {
      // Of a browser's session each login makes the next generation, and so a new cookie.
      const next =
        generation === undefined
          ? { retryOf: settledRetryOf }
          : { generation: generation + 1, retryOf: null, rotatedAt: authenticatedAt }
      return inTransaction(db, (tx) => {
        const changed = tx
          .update(sessions)
          .set({ authenticatedAt, acr, amr, ...next })
          .where(
            and(
              eq(sessions.id, id),
              eq(sessions.userId, userId),
              eq(sessions.securityStamp, securityStamp),
              generation === undefined ? undefined : eq(sessions.generation, generation),
              isAsTokenSays(token),
              isNull(sessions.revokedAt),
              gt(sessions.expiresAt, authenticatedAt),
              gt(sessions.rotatedAt, idleSince),
              hasLiveUser,
            ),
          )
          .returning()
          .get()
        if (changed === undefined) return null
        addEvent(tx, event)
        return changed
      })
    },
    async revoke(id, now, { userId, event, withChildren = false } = {}) {
      return inTransaction(db, (tx) => {
        const { changes } = tx
          .update(sessions)
          .set({ revokedAt: now })
          .where(
            and(
              eq(sessions.id, id),
              isNull(sessions.revokedAt),
              userId === undefined ? undefined : eq(sessions.userId, userId),
            ),
          )
          .run()
        if (changes === 0) return false
        if (withChildren) {
          const children = and(eq(sessions.parentId, id), eq(sessions.offline, false))
          const live = and(children, isNull(sessions.revokedAt))
          tx.update(sessions).set({ revokedAt: now }).where(live).run()
        }
        addEvent(tx, event)
        return true
      })
    },
    async revokeByClient(clientId, now, limit) {
      const live = db
        .select({ id: sessions.id })
        .from(sessions)
        .where(
          and(
            eq(sessions.clientId, clientId),
            notInArray(sessions.clientId, [firstPartyClientId, browserClientId]),
            isNull(sessions.revokedAt),
          ),
        )
        .limit(limit)
      return inTransaction(db, (tx) => {
        const revocation = tx.update(sessions).set({ revokedAt: now })
        return Number(revocation.where(inArray(sessions.id, live)).run().changes)
      })
    },
    async listByUser(userId, now, idleSince) {
      return db
        .select()
        .from(sessions)
        .where(
          and(
            eq(sessions.userId, userId),
            isNull(sessions.revokedAt),
            gt(sessions.expiresAt, now),
            gt(sessions.rotatedAt, idleSince),
            hasLiveUser,
          ),
        )
        .orderBy(desc(sessions.id))
        .all()
    },
    async touch(id, now, idleSince) {
      const live = and(
        eq(sessions.id, id),
        isNull(sessions.revokedAt),
        gt(sessions.expiresAt, now),
        gt(sessions.rotatedAt, idleSince),
        hasLiveUser,
      )
      return inTransaction(db, (tx) => {
        return Number(tx.update(sessions).set({ rotatedAt: now }).where(live).run().changes) === 1
      })
    },
    async listChildren(parentId, clientId, now) {
      return db
        .select()
        .from(sessions)
        .where(
          and(
            eq(sessions.parentId, parentId),
            eq(sessions.clientId, clientId),
            isNull(sessions.revokedAt),
            gt(sessions.expiresAt, now),
          ),
        )
        .orderBy(desc(sessions.id))
        .all()
    },
    async trim(userId, keep) {
      const kept = db
        .select({ id: sessions.id })
        .from(sessions)
        .where(eq(sessions.userId, userId))
        .orderBy(desc(isNull(sessions.revokedAt)), desc(sessions.rotatedAt), desc(sessions.id))
        .limit(keep)
      return inTransaction(db, (tx) => {
        const others = and(eq(sessions.userId, userId), notInArray(sessions.id, kept))
        const trimmed = tx.delete(sessions).where(others).returning({ id: sessions.id }).all()
        // What was opened through a browser's session goes with it.
        const opened = inArray(
          sessions.parentId,
          trimmed.map(({ id }) => id),
        )
        const children = tx
          .delete(sessions)
          .where(and(opened, eq(sessions.offline, false)))
          .run()
        return trimmed.length + Number(children.changes)
      })
    },
    async prune(endedBefore, lastUsedBefore, limit) {
      const ended = db
        .select({ id: sessions.id })
        .from(sessions)
        .where(
          or(
            lt(sessions.expiresAt, endedBefore),
            lt(sessions.revokedAt, endedBefore),
            lt(sessions.rotatedAt, lastUsedBefore),
          ),
        )
        .limit(limit)
      const deleted = await inTransaction(db, (tx) =>
        Number(tx.delete(sessions).where(inArray(sessions.id, ended)).run().changes),
      )
      // The statement finds nothing but what has ended.
      return { deleted, seen: deleted }
    },
  }
}

/** True if the browser's session that another one is opened through is live. */
function hasLiveParent(
  tx: Transaction,
  { parentId, userId, securityStamp, createdAt }: SessionRecord,
): boolean {
  const parent = tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(
      and(
        eq(sessions.id, parentId ?? ''),
        eq(sessions.userId, userId),
        eq(sessions.securityStamp, securityStamp),
        isNull(sessions.revokedAt),
        gt(sessions.expiresAt, createdAt),
      ),
    )
    .get()
  return parent !== undefined
}
