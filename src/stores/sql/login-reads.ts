import { sql } from 'kysely'
import type {
  AuthorizationCodeStore,
  BrowserLogin,
} from '../../core/authorization/authorization-code-store.ts'
import { codeColumns, toCodeRecord } from './code-rows.ts'
import { consentColumns, toConsentRecord } from './consent-rows.ts'
import type { Engine } from './engine.ts'
import { preparedLater } from './prepared-later.ts'
import type { Schema } from './schema.ts'
import { sessionColumns, toSessionRecord } from './session-rows.ts'
import { toUserRecord, userColumns } from './user-rows.ts'

/** The tables that a login is read from, each with its columns. */
const columnsOf = {
  users: userColumns,
  sessions: sessionColumns,
  consents: consentColumns,
  authorization_codes: codeColumns,
} as const
type TableName = keyof typeof columnsOf

/** Columns of several tables in one row, by the name that each has in it. */
type Row = Readonly<Record<string, unknown>>

/** What a login by browser asks on its way: prepared reads of all that each of its two requests depends on. */
export function createLoginReads({
  db,
  prepareRead,
}: Engine): Pick<AuthorizationCodeStore, 'findLogin' | 'findToExchange'> {
  // The parameters are empty here, and in the order of the text.
  const readLogin = preparedLater(() =>
    prepareRead<Row>(
      db
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .leftJoin('consents', (join) =>
          join.onRef('consents.user_id', '=', 'users.id').on('consents.client_id', '=', ''),
        )
        .select([...columns('sessions'), ...columns('users'), ...columns('consents')])
        .where('sessions.id', '=', '')
        .compile(),
    ),
  )
  const readToExchange = preparedLater(() =>
    prepareRead<Row>(
      db
        .selectFrom('authorization_codes')
        .crossJoin('signing_key_set')
        .leftJoin('sessions', 'sessions.id', 'authorization_codes.session_id')
        .leftJoin('users', 'users.id', 'sessions.user_id')
        .leftJoin('consents', (join) =>
          join
            .onRef('consents.user_id', '=', 'users.id')
            .onRef('consents.client_id', '=', 'authorization_codes.client_id'),
        )
        .select([
          ...columns('authorization_codes'),
          ...columns('sessions'),
          ...columns('users'),
          ...columns('consents'),
          'signing_key_set.version as keys_version',
        ])
        .select(({ selectFrom, fn }) => [
          selectFrom('sessions as sibling')
            .select(fn.countAll().as('count'))
            .whereRef('sibling.parent_id', '=', 'authorization_codes.session_id')
            .whereRef('sibling.client_id', '=', 'authorization_codes.client_id')
            .where('sibling.revoked_at', 'is', null)
            .as('siblings'),
          selectFrom('sessions as any_session')
            .select(fn.countAll().as('count'))
            .whereRef('any_session.user_id', '=', 'authorization_codes.user_id')
            .as('user_sessions'),
        ])
        .where('authorization_codes.digest', '=', '')
        .compile(),
    ),
  )

  return {
    async findLogin(sessionId, clientId) {
      const row = await readLogin(clientId, sessionId)
      return row === undefined ? null : toLogin(row)
    },
    async findToExchange(digest) {
      const row = await readToExchange(digest)
      if (row === undefined) return null
      return {
        code: toCodeRecord(pick('authorization_codes', row)),
        login: row.users_id === null ? null : toLogin(row),
        // Counts are bigint to PostgreSQL, whose driver reads that as text.
        siblings: Number(row.siblings),
        userSessions: Number(row.user_sessions),
        keysVersion: Number(row.keys_version),
      }
    },
  }
}

function toLogin(row: Row): BrowserLogin {
  return {
    session: toSessionRecord(pick('sessions', row)),
    user: toUserRecord(pick('users', row)),
    consent: row.consents_user_id === null ? null : toConsentRecord(pick('consents', row)),
  }
}

/** The columns of a table under names of their own. */
function columns(table: TableName) {
  return columnsOf[table].map((column) => sql.ref(`${table}.${column}`).as(aliasOf(table, column)))
}

function aliasOf(table: TableName, column: string): string {
  return `${table}_${column}`
}

/** By table, what each column is called in the row: made once, since every request reads by it. */
const aliases = new Map(
  (Object.keys(columnsOf) as TableName[]).map((table) => [
    table,
    columnsOf[table].map((column) => [column, aliasOf(table, column)] as const),
  ]),
)

/** The row of one table. Each of its columns is there. */
function pick<Table extends TableName>(table: Table, row: Row): Schema[Table] {
  const own: Record<string, unknown> = {}
  for (const [column, alias] of aliases.get(table) ?? []) own[column] = row[alias]
  return own as unknown as Schema[Table]
}
