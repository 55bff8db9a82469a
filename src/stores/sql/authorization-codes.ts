import type { Expression, ExpressionBuilder, Kysely, SqlBool, UpdateQueryBuilder } from 'kysely'
import type {
  AuthorizationCodeRecord,
  AuthorizationCodeStore,
  CodeExchange,
} from '../../core/authorization/authorization-code-store.ts'
import type { Engine } from './engine.ts'
import { appendEvent } from './events.ts'
import type { AuthorizationCodesTable, Schema, SessionsTable } from './schema.ts'
import { hasLiveUser, insertSession } from './session-rows.ts'
import { NothingChanged } from './stored-with.ts'

/** Authorization codes in SQL. */
export function createAuthorizationCodeStore(engine: Engine): AuthorizationCodeStore {
  const { db, inCommittedTransaction, locksRows } = engine

  /** The session that a code opens, or goes on with. Answers with its row if it is there. */
  function opening({ session, now }: CodeExchange, code: AuthorizationCodesTable) {
    return typeof session === 'string'
      ? goOn(db, session, code, now)
      : insertSession(engine, session)
  }

  return {
    async create(code) {
      const row = toRow(code)
      const columns = Object.keys(row) as (keyof AuthorizationCodesTable)[]
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('authorization_codes')
        .columns(columns)
        .expression(
          db
            .selectFrom('sessions')
            .select((eb) => columns.map((column) => eb.val(row[column]).as(column)))
            .where('sessions.id', '=', code.sessionId)
            .where('sessions.user_id', '=', code.userId)
            .where('sessions.security_stamp', '=', code.securityStamp)
            .where('sessions.revoked_at', 'is', null)
            .where('sessions.expires_at', '>', code.createdAt)
            .where(hasLiveUser),
        )
        .executeTakeFirst()
      return numInsertedOrUpdatedRows === 1n
    },
    async find(digest) {
      const query = db.selectFrom('authorization_codes').selectAll().where('digest', '=', digest)
      const row = await query.executeTakeFirst()
      return row === undefined ? null : toRecord(row)
    },
    async exchange(exchange, event) {
      const { digest, now, session } = exchange
      const use = db
        .updateTable('authorization_codes')
        .set({
          used_at: now,
          opened_session_id: typeof session === 'string' ? session : session.id,
        })
        .where('digest', '=', digest)
        .where('used_at', 'is', null)
        .where('expires_at', '>', now)
        .where(hasLiveSession(now))
        .returningAll()
      try {
        return await inCommittedTransaction(async (transaction) => {
          const code = (await transaction.executeQuery(use.compile())).rows[0]
          if (code === undefined) return false
          const opened = await transaction.executeQuery(opening(exchange, code).compile())
          if (opened.rows.length === 0) throw new NothingChanged()
          if (event) await transaction.executeQuery(appendEvent(transaction, event))
          return true
        })
      } catch (error) {
        if (error instanceof NothingChanged) return false
        throw error
      }
    },
    async prune(expiredBefore, limit) {
      const { numDeletedRows } = await db
        .deleteFrom('authorization_codes')
        .where('digest', 'in', (eb) =>
          eb
            .selectFrom('authorization_codes')
            .select('digest')
            .where('expires_at', '<', expiredBefore)
            .orderBy('expires_at')
            .limit(limit)
            .$if(locksRows, (query) => query.forUpdate().skipLocked()),
        )
        .executeTakeFirst()
      return Number(numDeletedRows)
    },
  }
}

/** The condition that a code's browser session is live, and its user active and of its stamp. */
function hasLiveSession(now: number) {
  return ({
    exists,
    selectFrom,
  }: ExpressionBuilder<Schema, 'authorization_codes'>): Expression<SqlBool> =>
    exists(
      selectFrom('sessions')
        .select('sessions.id')
        .whereRef('sessions.id', '=', 'authorization_codes.session_id')
        .whereRef('sessions.user_id', '=', 'authorization_codes.user_id')
        .whereRef('sessions.security_stamp', '=', 'authorization_codes.security_stamp')
        .where('sessions.revoked_at', 'is', null)
        .where('sessions.expires_at', '>', now)
        .where(hasLiveUser),
    )
}

/** The statement that goes on with a live session of the code's, as the code says. */
function goOn(
  db: Kysely<Schema>,
  id: string,
  code: AuthorizationCodesTable,
  now: number,
): UpdateQueryBuilder<Schema, 'sessions', 'sessions', Pick<SessionsTable, 'id'>> {
  const { scope, auth_time, acr, amr } = code
  return db
    .updateTable('sessions')
    .set({ scope, authenticated_at: auth_time, acr, amr, rotated_at: now })
    .where('id', '=', id)
    .where('parent_id', '=', code.session_id)
    .where('user_id', '=', code.user_id)
    .where('client_id', '=', code.client_id)
    .where('security_stamp', '=', code.security_stamp)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .where(hasLiveUser)
    .returning('id')
}

function toRow(code: AuthorizationCodeRecord): AuthorizationCodesTable {
  return {
    digest: code.digest,
    client_id: code.clientId,
    user_id: code.userId,
    session_id: code.sessionId,
    security_stamp: code.securityStamp,
    scope: code.scopes.join(' '),
    redirect_uri: code.redirectUri,
    code_challenge: code.codeChallenge,
    nonce: code.nonce,
    auth_time: code.authenticatedAt,
    acr: code.acr,
    amr: code.amr.join(' '),
    created_at: code.createdAt,
    expires_at: code.expiresAt,
    used_at: code.usedAt,
    opened_session_id: code.openedSessionId,
  }
}

function toRecord(row: AuthorizationCodesTable): AuthorizationCodeRecord {
  return {
    digest: row.digest,
    clientId: row.client_id,
    userId: row.user_id,
    sessionId: row.session_id,
    securityStamp: row.security_stamp,
    scopes: row.scope === '' ? [] : row.scope.split(' '),
    redirectUri: row.redirect_uri,
    codeChallenge: row.code_challenge,
    nonce: row.nonce,
    authenticatedAt: Number(row.auth_time),
    acr: row.acr,
    amr: row.amr === '' ? [] : row.amr.split(' '),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    usedAt: row.used_at === null ? null : Number(row.used_at),
    openedSessionId: row.opened_session_id,
  }
}
