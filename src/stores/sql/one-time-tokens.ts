import { type Expression, type SqlBool, sql } from 'kysely'
import type { OneTimeTokenRecord, OneTimeTokenStore } from '../../core/mail/one-time-token-store.ts'
import { deleteFirst } from './delete-first.ts'
import type { Engine } from './engine.ts'
import type { OneTimeTokensTable } from './schema.ts'
import { createStoreChange, isLive } from './stored-with.ts'
import { isActiveWithStamp } from './user-rows.ts'

/** Links and codes that are used once, in SQL. */
export function createOneTimeTokenStore(engine: Engine): OneTimeTokenStore {
  const { db, isUniqueViolation } = engine
  const storeChange = createStoreChange(engine)
  const live = (now: number) => db.selectFrom('one_time_tokens').selectAll().where(isLive(now))

  /** True for all tokens without a user, and for those whose user is active and has this stamp. */
  const hasItsUser = ({ userId, securityStamp }: OneTimeTokenRecord): Expression<SqlBool> =>
    userId === null ? sql<boolean>`1 = 1` : isActiveWithStamp(userId, securityStamp ?? '')

  /** Changes nothing if the same token is there. */
  function insertOf(token: OneTimeTokenRecord) {
    const row = toRow(token)
    const columns = Object.keys(row) as (keyof OneTimeTokensTable)[]
    return db
      .insertInto('one_time_tokens')
      .columns(columns)
      .expression(
        db
          .selectNoFrom((eb) => columns.map((column) => eb.val(row[column]).as(column)))
          .where(hasItsUser(token)),
      )
      .onConflict((conflict) =>
        conflict
          .columns(['kind', 'subject'])
          .doUpdateSet(row)
          .where('one_time_tokens.digest', '<>', row.digest),
      )
      .returning('digest')
  }

  async function isStored(token: OneTimeTokenRecord): Promise<boolean> {
    const found = await db
      .selectFrom('one_time_tokens')
      .select('digest')
      .where('digest', '=', token.digest)
      .where('kind', '=', token.kind)
      .where('subject', '=', token.subject)
      .where(hasItsUser(token))
      .executeTakeFirst()
    return found !== undefined
  }

  return {
    async put(token, storedWith) {
      const store = async () => (await storeChange(insertOf(token), storedWith)).length === 1
      try {
        return (await store()) || (await isStored(token))
      } catch (error) {
        // Another has stored the same token at the same time: it is there when this is told.
        if (!isUniqueViolation(error)) throw error
        return (await store()) || (await isStored(token))
      }
    },
    async find(digest, now) {
      return toRecordOrNull(await live(now).where('digest', '=', digest).executeTakeFirst())
    },
    async findBySubject(kind, subject, now) {
      const query = live(now).where('kind', '=', kind).where('subject', '=', subject)
      return toRecordOrNull(await query.executeTakeFirst())
    },
    async findByAddress(kind, addressDigest, now) {
      const query = live(now).where('kind', '=', kind).where('address_digest', '=', addressDigest)
      return (await query.orderBy('subject').execute()).map(toRecord)
    },
    async countTry(kind, subject, most, now) {
      const row = await db
        .updateTable('one_time_tokens')
        .set({ tries: sql`tries + 1` })
        .where('kind', '=', kind)
        .where('subject', '=', subject)
        .where('tries', '<', most)
        .where(isLive(now) as never)
        .returningAll()
        .executeTakeFirst()
      return toRecordOrNull(row)
    },
    async end(kind, subject, storedWith) {
      const deletion = db
        .deleteFrom('one_time_tokens')
        .where('kind', '=', kind)
        .where('subject', '=', subject)
        .returning('digest')
      return (await storeChange(deletion, storedWith)).length === 1
    },
    async list({ kind, after, limit }) {
      let query = db.selectFrom('one_time_tokens').selectAll().where('kind', '=', kind)
      if (after !== undefined) query = query.where('subject', '>', after)
      return (await query.orderBy('subject').limit(limit).execute()).map(toRecord)
    },
    async reseal({ kind, subject, from, to }) {
      const change = db
        .updateTable('one_time_tokens')
        .set({ payload: to })
        .where('kind', '=', kind)
        .where('subject', '=', subject)
        .where('payload', '=', from)
        .returning('digest')
      return (await storeChange(change)).length === 1
    },
    async prune(expiredBefore, limit) {
      const expired = db.selectFrom('one_time_tokens').where('expires_at', '<', expiredBefore)
      const first = expired.orderBy('expires_at').limit(limit)
      return await deleteFirst(engine, 'one_time_tokens', ['digest'], first)
    },
  }
}

function toRow(token: OneTimeTokenRecord): OneTimeTokensTable {
  return {
    digest: token.digest,
    kind: token.kind,
    subject: token.subject,
    user_id: token.userId,
    security_stamp: token.securityStamp,
    address_digest: token.addressDigest,
    payload: token.payload,
    tries: token.tries,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
  }
}

/** A token as the rest of the store knows it. */
export function toRecord(row: OneTimeTokensTable): OneTimeTokenRecord {
  return {
    digest: row.digest,
    kind: row.kind,
    subject: row.subject,
    userId: row.user_id,
    securityStamp: row.security_stamp,
    addressDigest: row.address_digest,
    payload: row.payload,
    tries: Number(row.tries),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
  }
}

function toRecordOrNull(row: OneTimeTokensTable | undefined): OneTimeTokenRecord | null {
  return row === undefined ? null : toRecord(row)
}
