import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import { firstPartyClientId } from '../../core/clients/registration.ts'
import { mapAnswer } from '../../core/maybe-promise.ts'
import type { SessionRecord, SessionStore } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import type { Engine } from './engine.ts'
import { recorded } from './events.ts'
import type { Schema, SessionsTable } from './schema.ts'
import { toUserRecord } from './user-rows.ts'

/** Sessions in SQL. */
export function createSessionStore({ db, prepareRead, locksRows }: Engine): SessionStore {
  const readById = prepareRead(db.selectFrom('sessions').selectAll().where('id', '=', '').compile())

  return {
    async create(session, event) {
      const row = toRow(session)
      const columns = Object.keys(row) as (keyof SessionsTable)[]
      // The condition is a part of the insert: a user deactivated a moment ago gets no session.
      const insert = db
        .insertInto('sessions')
        .columns(columns)
        .expression(
          db
            .selectFrom('users')
            .select((eb) => columns.map((column) => eb.val(row[column]).as(column)))
            .where('users.id', '=', session.userId)
            .where('users.active', '=', 1)
            .where('users.security_stamp', '=', session.securityStamp),
        )
        .returning('id')
      return (await recorded(db, event, insert)).length === 1
    },
    async find(id) {
      const row = await readById(id)
      return row === undefined ? null : toRecord(row)
    },
    async rotate({ id, generation, clientId, now, idleSince }) {
      const row = await db
        .updateTable('sessions')
        .set({ generation: generation + 1, rotated_at: now })
        .where('id', '=', id)
        .where('generation', '=', generation)
        .where('client_id', '=', clientId)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', now)
        .where('rotated_at', '>', idleSince)
        .where(hasLiveUser)
        .returningAll()
        .executeTakeFirst()
      return row ? toRecord(row) : null
    },
    async reauthenticate(
      { id, userId, securityStamp, idleSince, authenticatedAt, acr, amr },
      event,
    ) {
      const update = db
        .updateTable('sessions')
        .set({ authenticated_at: authenticatedAt, acr, amr: amr.join(' ') })
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .where('security_stamp', '=', securityStamp)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', authenticatedAt)
        .where('rotated_at', '>', idleSince)
        .where(hasLiveUser)
        .returningAll()
      const [row] = await recorded(db, event, update)
      return row ? toRecord(row) : null
    },
    async revoke(id, now, { userId, event } = {}) {
      let query = db
        .updateTable('sessions')
        .set({ revoked_at: now })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
      if (userId !== undefined) query = query.where('user_id', '=', userId)
      return (await recorded(db, event, query.returning('id'))).length === 1
    },
    async revokeByClient(clientId, now, limit) {
      const { numUpdatedRows } = await db
        .updateTable('sessions')
        .set({ revoked_at: now })
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('sessions')
            .select('id')
            .where('client_id', '=', clientId)
            // Written out, so that the engine sees that the index of these sessions has them all.
            .where('client_id', '<>', sql.lit(firstPartyClientId))
            .where('revoked_at', 'is', null)
            .limit(limit),
        )
        .executeTakeFirst()
      return Number(numUpdatedRows)
    },
    async listByUser(userId, now, idleSince) {
      const rows = await db
        .selectFrom('sessions')
        .innerJoin('users', (join) =>
          join
            .onRef('users.id', '=', 'sessions.user_id')
            .onRef('users.security_stamp', '=', 'sessions.security_stamp'),
        )
        .selectAll('sessions')
        .where('sessions.user_id', '=', userId)
        .where('sessions.revoked_at', 'is', null)
        .where('sessions.expires_at', '>', now)
        .where('sessions.rotated_at', '>', idleSince)
        .orderBy('sessions.id', 'desc')
        .execute()
      return rows.map(toRecord)
    },
    async touch(id, now, idleSince) {
      const { numUpdatedRows } = await db
        .updateTable('sessions')
        .set({ rotated_at: now })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', now)
        .where('rotated_at', '>', idleSince)
        .where(hasLiveUser)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
    async listChildren(parentId, clientId, now) {
      const rows = await db
        .selectFrom('sessions')
        .selectAll()
        .where('parent_id', '=', parentId)
        .where('client_id', '=', clientId)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', now)
        .orderBy('id', 'desc')
        .execute()
      return rows.map(toRecord)
    },
    async trim(userId, keep) {
      const { numDeletedRows } = await db
        .deleteFrom('sessions')
        .where('user_id', '=', userId)
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('sessions')
            .select('id')
            .where('user_id', '=', userId)
            .orderBy('rotated_at', 'desc')
            .orderBy('id', 'desc')
            // SQLite wants a limit before an offset. One session is opened at a time.
            .limit(1000)
            .offset(keep),
        )
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
    async prune(endedBefore, lastUsedBefore, limit) {
      let pruned = await deleteFirst('expires_at', endedBefore, limit)
      if (pruned < limit) pruned += await deleteFirst('revoked_at', endedBefore, limit - pruned)
      if (pruned < limit) pruned += await deleteFirst('rotated_at', lastUsedBefore, limit - pruned)
      return pruned
    },
  }

  /**
   * Deletes the sessions that come first by an instant, from one end of its index. Asked for all three
   * instants at once, or in no order, a planner reads the whole table for every batch.
   */
  async function deleteFirst(
    column: 'expires_at' | 'revoked_at' | 'rotated_at',
    before: number,
    limit: number,
  ): Promise<number> {
    const { numDeletedRows } = await db
      .deleteFrom('sessions')
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('sessions')
          .select('id')
          .where(column, '<', before)
          .orderBy(column)
          .limit(limit)
          // Skips rows that another transaction is changing or pruning. The next run deletes them.
          .$if(locksRows, (query) => query.forUpdate().skipLocked()),
      )
      .executeTakeFirst()
    return Number(numDeletedRows)
  }
}

/**
 * The one read of a guarded request: the user, the stamp of the session if it is the user's, and the
 * version of the signing keys.
 */
export function createSubjectReader({ db, prepareRead }: Engine): Store['findSubject'] {
  const read = prepareRead(
    db
      .selectFrom('users')
      .crossJoin('signing_key_set')
      .leftJoin('sessions', (join) =>
        join
          .on('sessions.id', '=', '')
          .onRef('sessions.user_id', '=', 'users.id')
          .on('sessions.revoked_at', 'is', null),
      )
      .selectAll('users')
      .select(['sessions.security_stamp as session_stamp', 'signing_key_set.version'])
      .where('users.id', '=', '')
      .compile(),
  )
  return (userId, sessionId) =>
    mapAnswer(read(sessionId ?? '', userId), (row) =>
      row === undefined
        ? null
        : {
            user: toUserRecord(row),
            sessionStamp: row.session_stamp,
            keysVersion: Number(row.version),
          },
    )
}

/** The condition that a session's user is active and has the session's stamp. */
function hasLiveUser({
  exists,
  selectFrom,
}: ExpressionBuilder<Schema, 'sessions'>): Expression<SqlBool> {
  return exists(
    selectFrom('users')
      .select('users.id')
      .whereRef('users.id', '=', 'sessions.user_id')
      .whereRef('users.security_stamp', '=', 'sessions.security_stamp')
      .where('users.active', '=', 1),
  )
}

function toRow(session: SessionRecord): SessionsTable {
  return {
    id: session.id,
    user_id: session.userId,
    client_id: session.clientId,
    scope: session.scopes.join(' '),
    generation: session.generation,
    rotated_at: session.rotatedAt,
    created_at: session.createdAt,
    expires_at: session.expiresAt,
    revoked_at: session.revokedAt,
    security_stamp: session.securityStamp,
    label: session.label,
    address: session.address,
    authenticated_at: session.authenticatedAt,
    acr: session.acr,
    amr: session.amr.join(' '),
    kind: session.kind,
    parent_id: session.parentId,
    offline: session.offline ? 1 : 0,
  }
}

function toRecord(row: SessionsTable): SessionRecord {
  return {
    id: row.id,
    userId: row.user_id,
    clientId: row.client_id,
    scopes: row.scope === '' ? [] : row.scope.split(' '),
    // Instants are kept as bigint by PostgreSQL, whose driver reads that as text.
    generation: Number(row.generation),
    rotatedAt: Number(row.rotated_at),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    revokedAt: row.revoked_at === null ? null : Number(row.revoked_at),
    securityStamp: row.security_stamp,
    label: row.label,
    address: row.address,
    // 0 for a session of an earlier version.
    authenticatedAt: Number(row.authenticated_at) || Number(row.created_at),
    acr: row.acr,
    amr: row.amr === '' ? [] : row.amr.split(' '),
    kind: row.kind,
    parentId: row.parent_id,
    offline: row.offline === 1,
  }
}
