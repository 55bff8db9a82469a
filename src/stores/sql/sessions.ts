import { type Kysely, sql } from 'kysely'
import { browserClientId, firstPartyClientId } from '../../core/clients/registration.ts'
import { mapAnswer } from '../../core/maybe-promise.ts'
import type { Rotation, SessionStore } from '../../core/sessions/session-store.ts'
import type { Store } from '../../core/store.ts'
import type { Engine } from './engine.ts'
import { recorded } from './events.ts'
import { settledRetryOf } from './kept-session.ts'
import { type EndedSession, endedColumns, noteEnded } from './logout-notices.ts'
import type { Schema } from './schema.ts'
import { createSessionPruning } from './session-pruning.ts'
import { insertSession, isAsTokenSays, isInUse, toSessionRecord } from './session-rows.ts'
import { createTemplate } from './template.ts'
import { toUserRecord } from './user-rows.ts'

/** What a rotation is made of; `next` is the generation after it. */
interface RotationValues extends Omit<Rotation, 'retryOf'> {
  readonly retryOf: number | null
  readonly next: number
}

/** Sessions in SQL. */
export function createSessionStore(engine: Engine): SessionStore {
  const { db, prepareRead, inCommittedTransaction } = engine
  const readById = prepareRead(db.selectFrom('sessions').selectAll().where('id', '=', '').compile())
  const rotate = createTemplate((values: RotationValues) =>
    db
      .updateTable('sessions')
      .set({ generation: values.next, retry_of: values.retryOf, rotated_at: values.now })
      .where('id', '=', values.id)
      .where('generation', '=', values.generation)
      .where('client_id', '=', values.clientId)
      .where(isInUse(values.now, values.idleSince))
      .returningAll(),
  )

  return {
    async create(session, event) {
      const insert = insertSession(engine, session)
      return (await recorded(db, event, insert)).length === 1
    },
    async find(id) {
      const row = await readById(id)
      return row === undefined ? null : toSessionRecord(row)
    },
    async rotate({ generation, retryOf = null, ...rotation }) {
      const values = { ...rotation, generation, retryOf, next: generation + 1 }
      const [row] = (await db.executeQuery(rotate(values))).rows
      return row ? toSessionRecord(row) : null
    },
    async reauthenticate(
      { id, userId, securityStamp, idleSince, authenticatedAt, acr, amr, generation, token },
      event,
    ) {
      let update = db
        .updateTable('sessions')
        .set({ authenticated_at: authenticatedAt, acr, amr: amr.join(' ') })
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .where('security_stamp', '=', securityStamp)
        .where(isInUse(authenticatedAt, idleSince))
      if (generation !== undefined) {
        update = update
          .set({ generation: generation + 1, retry_of: null, rotated_at: authenticatedAt })
          .where('generation', '=', generation)
      } else {
        update = update.set({ retry_of: settledRetryOf })
      }
      if (token !== undefined) update = update.where(isAsTokenSays(token))
      const [row] = await recorded(db, event, update.returningAll())
      return row ? toSessionRecord(row) : null
    },
    async revoke(id, now, { userId, event, withChildren = false, notifies = [] } = {}) {
      let end = db
        .updateTable('sessions')
        .set({ revoked_at: now })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
      if (userId !== undefined) end = end.where('user_id', '=', userId)
      const ending = end.returning(endedColumns)
      if (!withChildren && notifies.length === 0) {
        return (await recorded(db, event, ending)).length === 1
      }
      return await inCommittedTransaction(async (transaction) => {
        const ended = [...(await recorded(transaction, event, ending))]
        if (ended.length === 0) return false
        // A statement of its own, to see what was opened while the first one waited.
        if (withChildren) ended.push(...(await endChildren(transaction, id, now)))
        await noteEnded(transaction, ended, notifies, now)
        return true
      })
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
            .where('client_id', '<>', sql.lit(browserClientId))
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
      return rows.map(toSessionRecord)
    },
    async touch(id, now, idleSince) {
      const { numUpdatedRows } = await db
        .updateTable('sessions')
        .set({ rotated_at: now })
        .where('id', '=', id)
        .where(isInUse(now, idleSince))
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
      return rows.map(toSessionRecord)
    },
    async trim(userId, keep) {
      const surplus = db
        .selectFrom('sessions')
        .select('id')
        .where('user_id', '=', userId)
        // What has ended goes first.
        .orderBy(sql`case when revoked_at is null then 0 else 1 end`)
        .orderBy('rotated_at', 'desc')
        .orderBy('id', 'desc')
        // SQLite wants a limit before an offset. One session is opened at a time.
        .limit(1000)
        .offset(keep)
      // Mostly there is none.
      if ((await surplus.limit(1).executeTakeFirst()) === undefined) return 0
      return await inCommittedTransaction(async (transaction) => {
        const trimmed = await transaction
          .deleteFrom('sessions')
          .where('user_id', '=', userId)
          .where('id', 'in', surplus)
          .returning('id')
          .execute()
        // Another login of the user has trimmed meanwhile.
        if (trimmed.length === 0) return 0
        const ids = trimmed.map(({ id }) => id)
        const { numDeletedRows } = await transaction
          .deleteFrom('sessions')
          .where('parent_id', 'in', ids)
          .where('offline', '=', 0)
          .executeTakeFirst()
        return ids.length + Number(numDeletedRows)
      })
    },
    prune: createSessionPruning(engine),
  }
}

/** Ends the live sessions that were opened through one, and end with it. */
async function endChildren(
  db: Kysely<Schema>,
  parentId: string,
  now: number,
): Promise<readonly EndedSession[]> {
  return await db
    .updateTable('sessions')
    .set({ revoked_at: now })
    .where('parent_id', '=', parentId)
    .where('offline', '=', 0)
    .where('revoked_at', 'is', null)
    .returning(endedColumns)
    .execute()
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
