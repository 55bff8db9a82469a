import type { Expression, ExpressionBuilder, InsertQueryBuilder, SqlBool } from 'kysely'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import type { AskingToken } from '../../core/tokens/authentication.ts'
import { numberOrNull, words } from './columns.ts'
import type { Engine } from './engine.ts'
import type { Schema, SessionsTable } from './schema.ts'

/**
 * The statement that stores a session if its user is active and has its stamp, and its parent is live. These
 * are a part of the insert: a user deactivated a moment ago gets no session.
 */
export function insertSession(
  { db, locksRows }: Pick<Engine, 'db' | 'locksRows'>,
  session: SessionRecord,
): InsertQueryBuilder<Schema, 'sessions', Pick<SessionsTable, 'id'>> {
  const row = toSessionRow(session)
  const { parentId } = session
  let values = db
    .selectFrom('users as owner')
    .select((eb) => sessionColumns.map((column) => eb.val(row[column]).as(column)))
    .where('owner.id', '=', session.userId)
    .where('owner.active', '=', 1)
    .where('owner.security_stamp', '=', session.securityStamp)
  if (parentId !== null) {
    values = values.where(({ exists, selectFrom }) =>
      exists(
        selectFrom('sessions as parent')
          .select('parent.id')
          .where('parent.id', '=', parentId)
          .where('parent.user_id', '=', session.userId)
          .where('parent.security_stamp', '=', session.securityStamp)
          .where('parent.revoked_at', 'is', null)
          .where('parent.expires_at', '>', session.createdAt)
          // Whichever of the two locks the parent first, the end of it or this: the other one sees it done.
          .$if(locksRows, (query) => query.forShare()),
      ),
    )
    // The same with a change of the stamp: its clients are told of every session that it ends.
    // By an alias: a lock must not name a schema.
    if (locksRows) values = values.forShare('owner')
  }
  return db.insertInto('sessions').columns(sessionColumns).expression(values).returning('id')
}

/** The condition that a session's user is active and has the session's stamp. */
export function hasLiveUser({
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

/** The condition that a session is live, has been used since the other instant, and its user is live, too. */
export function isInUse(now: number, idleSince: number) {
  return (eb: ExpressionBuilder<Schema, 'sessions'>): Expression<SqlBool> =>
    eb.and([
      eb('sessions.revoked_at', 'is', null),
      eb('sessions.expires_at', '>', now),
      eb('sessions.rotated_at', '>', idleSince),
      hasLiveUser(eb),
    ])
}

/** The condition that a session is as the token says that asks. */
export function isAsTokenSays({ issuedAt, authenticatedAt }: AskingToken) {
  return (eb: ExpressionBuilder<Schema, 'sessions'>): Expression<SqlBool> =>
    eb.and([
      eb('sessions.rotated_at', '<=', issuedAt),
      // 0 for a session of an earlier version.
      eb.or([
        eb('sessions.authenticated_at', '>=', authenticatedAt),
        eb.and([
          eb('sessions.authenticated_at', '=', 0),
          eb('sessions.created_at', '>=', authenticatedAt),
        ]),
      ]),
    ])
}

/** All columns. */
export const sessionColumns: readonly (keyof SessionsTable)[] = [
  'id',
  'user_id',
  'client_id',
  'scope',
  'generation',
  'retry_of',
  'rotated_at',
  'seen_at',
  'created_at',
  'expires_at',
  'revoked_at',
  'security_stamp',
  'label',
  'address',
  'authenticated_at',
  'acr',
  'amr',
  'kind',
  'parent_id',
  'offline',
]

/** As it is stored. */
export function toSessionRow(session: SessionRecord): SessionsTable {
  return {
    id: session.id,
    user_id: session.userId,
    client_id: session.clientId,
    scope: session.scopes.join(' '),
    generation: session.generation,
    retry_of: session.retryOf,
    rotated_at: session.rotatedAt,
    seen_at: session.rotatedAt,
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

/** As it was stored. */
export function toSessionRecord(row: SessionsTable): SessionRecord {
  return {
    id: row.id,
    userId: row.user_id,
    clientId: row.client_id,
    scopes: words(row.scope),
    // Instants are kept as bigint by PostgreSQL, whose driver reads that as text.
    generation: Number(row.generation),
    retryOf: row.retry_of === null ? null : Number(row.retry_of),
    rotatedAt: Number(row.rotated_at),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    revokedAt: numberOrNull(row.revoked_at),
    securityStamp: row.security_stamp,
    label: row.label,
    address: row.address,
    // 0 for a session of an earlier version.
    authenticatedAt: Number(row.authenticated_at) || Number(row.created_at),
    acr: row.acr,
    amr: words(row.amr),
    kind: row.kind,
    parentId: row.parent_id,
    offline: row.offline === 1,
  }
}
