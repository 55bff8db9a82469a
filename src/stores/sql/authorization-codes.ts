import type {
  CompiledQuery,
  Expression,
  ExpressionBuilder,
  Kysely,
  SqlBool,
  UpdateQueryBuilder,
} from 'kysely'
import type {
  AuthorizationCodeStore,
  CodeExchange,
} from '../../core/authorization/authorization-code-store.ts'
import type { AuthEvent } from '../../core/events/event-store.ts'
import type { SessionRecord } from '../../core/sessions/session-store.ts'
import { codeColumns, toCodeRecord, toCodeRow } from './code-rows.ts'
import type { Engine } from './engine.ts'
import { appendEvent, appendIfChanged } from './events.ts'
import { createLoginReads } from './login-reads.ts'
import type { AuthorizationCodesTable, Schema, SessionsTable } from './schema.ts'
import { hasLiveUser, insertSession, sessionColumns, toSessionRow } from './session-rows.ts'
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

  /** The statement that uses a live code up, for a session that may be opened with it. */
  function useOf({ digest, now, session }: CodeExchange) {
    const use = db
      .updateTable('authorization_codes')
      .set({ used_at: now, opened_session_id: typeof session === 'string' ? session : session.id })
      .where('digest', '=', digest)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .where(hasLiveLogin(now, locksRows))
      .returningAll()
    if (typeof session === 'string') return use
    return use
      .where('user_id', '=', session.userId)
      .where('session_id', '=', session.parentId ?? '')
      .where('security_stamp', '=', session.securityStamp)
  }

  /** The same, and the session and the event with it. The login that it has found live is locked meanwhile. */
  function openingWith(
    use: ReturnType<typeof useOf>,
    session: SessionRecord,
    event: AuthEvent | undefined,
  ): CompiledQuery {
    const row = toSessionRow(session)
    const opened = db
      .with('used', () => use)
      .with('changed', (db) =>
        db
          .insertInto('sessions')
          .columns(sessionColumns)
          .expression(
            db
              .selectFrom('used')
              .select((eb) => sessionColumns.map((column) => eb.val(row[column]).as(column))),
          )
          .returning('id'),
      )
    const recorded = event ? opened.with('recorded', (db) => appendIfChanged(db, event)) : opened
    return recorded.selectFrom('changed').selectAll().compile()
  }

  return {
    ...createLoginReads(engine),
    async create(code) {
      const row = toCodeRow(code)
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('authorization_codes')
        .columns(codeColumns)
        .expression(
          db
            .selectFrom('sessions')
            .select((eb) => codeColumns.map((column) => eb.val(row[column]).as(column)))
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
      return row === undefined ? null : toCodeRecord(row)
    },
    async exchange(exchange, event) {
      const use = useOf(exchange)
      const { session } = exchange
      // PostgreSQL does all of it in one statement, and so in one round trip; SQLite only reads in a WITH.
      if (locksRows && typeof session !== 'string') {
        return (await db.executeQuery(openingWith(use, session, event))).rows.length === 1
      }
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

/**
 * The condition that a code's browser session is live, and its user active and of its stamp. Where several
 * connections write, both are locked: whichever comes first, the end of one or this, the other one sees it done.
 */
function hasLiveLogin(now: number, locksRows: boolean) {
  return ({
    exists,
    selectFrom,
  }: ExpressionBuilder<Schema, 'authorization_codes'>): Expression<SqlBool> =>
    exists(
      // The user first, as whatever ends all sessions of one.
      selectFrom('users')
        .innerJoin('sessions', 'sessions.user_id', 'users.id')
        .select('sessions.id')
        .whereRef('users.id', '=', 'authorization_codes.user_id')
        .whereRef('users.security_stamp', '=', 'authorization_codes.security_stamp')
        .where('users.active', '=', 1)
        .whereRef('sessions.id', '=', 'authorization_codes.session_id')
        .whereRef('sessions.security_stamp', '=', 'authorization_codes.security_stamp')
        .where('sessions.revoked_at', 'is', null)
        .where('sessions.expires_at', '>', now)
        .$if(locksRows, (query) => query.forShare()),
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
