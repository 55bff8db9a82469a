import type { Expression, ExpressionBuilder, Kysely, SqlBool, UpdateQueryBuilder } from 'kysely'
import type { AuthorizationCodeStore } from '../../core/authorization/authorization-code-store.ts'
import type { AuthEvent } from '../../core/events/event-store.ts'
import { codeColumns, toCodeRecord, toCodeRow } from './code-rows.ts'
import { deleteFirst } from './delete-first.ts'
import type { Engine } from './engine.ts'
import { appendEvent, appendIfChanged } from './events.ts'
import { createLoginReads } from './login-reads.ts'
import type { AuthorizationCodesTable, Schema, SessionsTable } from './schema.ts'
import { hasLiveUser, sessionColumns, toSessionRow } from './session-rows.ts'
import { NothingChanged } from './stored-with.ts'
import { createTemplate } from './template.ts'

/** A code that is used, and for which session. */
interface CodeUse {
  readonly digest: string
  readonly now: number
  readonly opened: string
  /** 1 if the consent of the user must be stored, else 0. */
  readonly consented: number
}

/** A code that is used, and the row of the session that it opens. */
interface Opening extends Pick<CodeUse, 'digest' | 'now' | 'consented'>, SessionsTable {}

/** A row column by column, as a statement is built of it. */
const entriesOf = (row: SessionsTable): SessionsTable =>
  Object.fromEntries(
    sessionColumns.map((column) => [column, row[column]]),
  ) as unknown as SessionsTable

/** Authorization codes in SQL. */
export function createAuthorizationCodeStore(engine: Engine): AuthorizationCodeStore {
  const { db, inCommittedTransaction, changeIf, locksRows } = engine

  const insertCode = createTemplate((row: AuthorizationCodesTable) =>
    db
      .insertInto('authorization_codes')
      .columns(codeColumns)
      .expression(
        db
          .selectFrom('sessions')
          .select((eb) => codeColumns.map((column) => eb.val(row[column]).as(column)))
          .where('sessions.id', '=', row.session_id)
          .where('sessions.user_id', '=', row.user_id)
          .where('sessions.security_stamp', '=', row.security_stamp)
          .where('sessions.revoked_at', 'is', null)
          .where('sessions.expires_at', '>', row.created_at)
          .where(hasLiveUser),
      ),
  )

  /** The statement that uses a live code up. */
  const useOf = ({ digest, now, opened, consented }: CodeUse) =>
    db
      .updateTable('authorization_codes')
      .set({ used_at: now, opened_session_id: opened })
      .where('digest', '=', digest)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .where(hasLiveLogin(now, locksRows))
      .where(hasConsent(consented, locksRows))
      .returningAll()
  const use = createTemplate(useOf)

  /** The same for a session that is opened with it. The login that it finds live is locked meanwhile. */
  const useToOpen = (opening: Opening) => {
    const { digest, now, consented, id, user_id, parent_id, security_stamp } = opening
    return useOf({ digest, now, consented, opened: id })
      .where('user_id', '=', user_id)
      .where('session_id', '=', parent_id)
      .where('security_stamp', '=', security_stamp)
  }
  const useForNew = createTemplate(useToOpen)

  const insertNew = createTemplate((row: SessionsTable) =>
    db.insertInto('sessions').values(entriesOf(row)),
  )

  /** Both in one statement, which PostgreSQL takes in one round trip. SQLite only reads in a WITH. */
  const openAtOnce = (opening: Opening) =>
    db
      .with('used', () => useToOpen(opening))
      .with('changed', (db) =>
        db
          .insertInto('sessions')
          .columns(sessionColumns)
          .expression(
            db
              .selectFrom('used')
              .select((eb) => sessionColumns.map((column) => eb.val(opening[column]).as(column))),
          )
          .returning('id'),
      )
  const openWithout = createTemplate((opening: Opening) =>
    openAtOnce(opening).selectFrom('changed').selectAll(),
  )

  async function open(opening: Opening, event: AuthEvent | undefined): Promise<boolean> {
    if (!locksRows) {
      const events = event ? [appendEvent(db, event)] : []
      return await changeIf(useForNew(opening), [insertNew(opening), ...events])
    }
    const statement = event
      ? openAtOnce(opening)
          .with('recorded', (db) => appendIfChanged(db, event))
          .selectFrom('changed')
          .selectAll()
          .compile()
      : openWithout(opening)
    return (await db.executeQuery(statement)).rows.length === 1
  }

  return {
    ...createLoginReads(engine),
    async create(code) {
      const { numAffectedRows } = await db.executeQuery(insertCode(toCodeRow(code)))
      return numAffectedRows === 1n
    },
    async find(digest) {
      const query = db.selectFrom('authorization_codes').selectAll().where('digest', '=', digest)
      const row = await query.executeTakeFirst()
      return row === undefined ? null : toCodeRecord(row)
    },
    async exchange({ digest, now, session, needsConsent = false }, event) {
      const asked = { digest, now, consented: needsConsent ? 1 : 0 }
      if (typeof session !== 'string') {
        return await open({ ...asked, ...toSessionRow(session) }, event)
      }
      try {
        return await inCommittedTransaction(async (transaction) => {
          const used = await transaction.executeQuery(use({ ...asked, opened: session }))
          const [code] = used.rows
          if (code === undefined) return false
          const goneOn = await goOn(transaction, session, code, now).execute()
          if (goneOn.length === 0) throw new NothingChanged()
          if (event) await transaction.executeQuery(appendEvent(transaction, event))
          return true
        })
      } catch (error) {
        if (error instanceof NothingChanged) return false
        throw error
      }
    },
    async prune(expiredBefore, limit) {
      const expired = db.selectFrom('authorization_codes').where('expires_at', '<', expiredBefore)
      const first = expired.orderBy('expires_at').limit(limit)
      return await deleteFirst(engine, 'authorization_codes', ['digest'], first)
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

/** The condition that what a code's user has allowed its client is stored. One who withdraws it has locked it. */
function hasConsent(asked: number, locksRows: boolean) {
  return (eb: ExpressionBuilder<Schema, 'authorization_codes'>): Expression<SqlBool> =>
    eb.or([
      eb(eb.val(asked), '=', eb.lit(0)),
      eb.exists(
        eb
          .selectFrom('consents')
          .select('consents.user_id')
          .whereRef('consents.user_id', '=', 'authorization_codes.user_id')
          .whereRef('consents.client_id', '=', 'authorization_codes.client_id')
          .$if(locksRows, (query) => query.forShare()),
      ),
    ])
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
