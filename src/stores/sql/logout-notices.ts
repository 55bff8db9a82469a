import { type Kysely, sql } from 'kysely'
import type {
  LogoutNoticeRecord,
  LogoutNoticeStore,
} from '../../core/authorization/logout-notice-store.ts'
import type { NotifiedClients } from '../../core/mail/stored-with.ts'
import type { KeptSession } from '../../core/users/kept-session.ts'
import { numberOrNull } from './columns.ts'
import type { Engine } from './engine.ts'
import { isKept } from './kept-session.ts'
import type { LogoutNoticesTable, Schema, SessionsTable } from './schema.ts'

/** Log-outs that clients are to be told of, in SQL. */
export function createLogoutNoticeStore({ db, locksRows }: Engine): LogoutNoticeStore {
  return {
    async claim({ now, until, limit, without = [] }) {
      const rows = await db
        // Read once: a planner may run a subquery for each row, and would claim more than the limit.
        .with(
          (wb) => wb('due').materialized(),
          () =>
            db
              .selectFrom('logout_notices')
              .select('session_id')
              .where('due_at', '<=', now)
              .where((eb) =>
                eb.or([eb('claimed_until', 'is', null), eb('claimed_until', '<=', now)]),
              )
              .$if(without.length > 0, (query) => query.where('client_id', 'not in', [...without]))
              .orderBy('due_at')
              .limit(limit)
              // Leaves out what another process is about to claim.
              .$if(locksRows, (query) => query.forUpdate().skipLocked()),
        )
        .updateTable('logout_notices')
        .set({ attempts: sql`attempts + 1`, claimed_until: until })
        .where('session_id', 'in', (eb) => eb.selectFrom('due').select('session_id'))
        .returningAll()
        .execute()
      return rows.map(toRecord).sort((one, other) => one.dueAt - other.dueAt)
    },
    async settle(sessionId, attempts, dueAt) {
      if (dueAt === null) {
        const { numDeletedRows } = await db
          .deleteFrom('logout_notices')
          .where('session_id', '=', sessionId)
          .where('attempts', '=', attempts)
          .executeTakeFirst()
        return numDeletedRows === 1n
      }
      const { numUpdatedRows } = await db
        .updateTable('logout_notices')
        .set({ claimed_until: null, due_at: dueAt })
        .where('session_id', '=', sessionId)
        .where('attempts', '=', attempts)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },
  }
}

/** What a statement that ends sessions has to return of each. */
export const endedColumns = ['id', 'user_id', 'client_id', 'parent_id'] as const

/** A session that has just been ended. */
export type EndedSession = Pick<SessionsTable, (typeof endedColumns)[number]>

/** Stores a notice for each ended session that is one of these clients', and was opened by browser. */
export async function noteEnded(
  transaction: Kysely<Schema>,
  ended: readonly EndedSession[],
  clientIds: readonly string[],
  now: number,
): Promise<void> {
  const told = ended.filter(
    ({ parent_id, client_id }) => parent_id !== null && clientIds.includes(client_id),
  )
  if (told.length === 0) return
  const rows = told.map(
    ({ id, user_id, client_id }): LogoutNoticesTable => ({
      ...{ session_id: id, user_id, client_id },
      ...{ created_at: now, due_at: now, attempts: 0, claimed_until: null },
    }),
  )
  await transaction
    .insertInto('logout_notices')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** A change that ends the sessions of a user, but for the one that stays open. */
export interface Ending {
  readonly userId: string
  readonly keepSession?: KeptSession | undefined
}

/**
 * Stores a notice for each session of a user that the change to come will end: of these clients, opened by
 * browser, live, and not the one that is kept.
 */
export async function noteAllOf(
  { db, locksRows }: Pick<Engine, 'locksRows'> & { readonly db: Kysely<Schema> },
  { userId, keepSession }: Ending,
  { clientIds, now }: NotifiedClients,
): Promise<void> {
  if (clientIds.length === 0) return
  if (locksRows) {
    // A session that is just being opened holds the row: it is waited for, and is then there to be read.
    const user = db.selectFrom('users').select('id').where('id', '=', userId)
    await user.forNoKeyUpdate().execute()
    // One that is just being refreshed is not kept: it is waited for, and is then told of.
    const kept = db
      .selectFrom('sessions')
      .select('id')
      .where('id', '=', keepSession?.id ?? '')
    if (keepSession !== undefined) await kept.forNoKeyUpdate().execute()
  }
  let ending = sessionsOf(db, userId, now).where('sessions.client_id', 'in', [...clientIds])
  if (keepSession !== undefined) ending = ending.where((eb) => eb.not(isKept(keepSession)(eb)))
  await db
    .insertInto('logout_notices')
    .columns(['session_id', 'user_id', 'client_id', ...instants, 'attempts'])
    .expression(ending)
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

const instants = ['created_at', 'due_at'] as const

/** The live sessions of a user that were opened by browser, as notices. */
function sessionsOf(db: Kysely<Schema>, userId: string, now: number) {
  return db
    .selectFrom('sessions')
    .innerJoin('users', (join) =>
      join
        .onRef('users.id', '=', 'sessions.user_id')
        .onRef('users.security_stamp', '=', 'sessions.security_stamp'),
    )
    .select(['sessions.id', 'sessions.user_id', 'sessions.client_id'])
    .select((eb) => instants.map((instant) => eb.val(now).as(instant)))
    .select((eb) => eb.val(0).as('attempts'))
    .where('sessions.user_id', '=', userId)
    .where('sessions.parent_id', 'is not', null)
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', now)
}

function toRecord(row: LogoutNoticesTable): LogoutNoticeRecord {
  return {
    sessionId: row.session_id,
    clientId: row.client_id,
    userId: row.user_id,
    createdAt: Number(row.created_at),
    dueAt: Number(row.due_at),
    attempts: row.attempts,
    claimedUntil: numberOrNull(row.claimed_until),
  }
}
