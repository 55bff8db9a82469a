import { sql } from 'kysely'
import type { OneTimeTokenRecord, OneTimeTokenStore } from '../../core/mail/one-time-token-store.ts'
import type { Engine } from './engine.ts'
import type { OneTimeTokensTable } from './schema.ts'
import { createStoreChange, isLive } from './stored-with.ts'

/** Links and codes that are used once, in SQL. */
export function createOneTimeTokenStore(engine: Engine): OneTimeTokenStore {
  const { db, locksRows } = engine
  const storeChange = createStoreChange(engine)
  const live = (now: number) => db.selectFrom('one_time_tokens').selectAll().where(isLive(now))

  return {
    async put(token, storedWith) {
      const row = toRow(token)
      const { digest: _, kind: __, subject: ___, ...changes } = row
      const columns = Object.keys(row) as (keyof OneTimeTokensTable)[]
      const values = db.selectNoFrom((eb) =>
        columns.map((column) => eb.val(row[column]).as(column)),
      )
      const { userId, securityStamp } = token
      const insert = db
        .insertInto('one_time_tokens')
        .columns(columns)
        .expression(
          userId === null
            ? values.where(sql.lit(1), '=', sql.lit(1))
            : values.where(({ exists, selectFrom }) =>
                exists(
                  selectFrom('users')
                    .select('id')
                    .where('id', '=', userId)
                    .where('security_stamp', '=', securityStamp ?? '')
                    .where('active', '=', 1),
                ),
              ),
        )
        .onConflict((conflict) =>
          conflict.columns(['kind', 'subject']).doUpdateSet((eb) => ({
            ...changes,
            digest: row.digest,
            // The same token once more keeps the tries that it has had.
            tries: sql<number>`case when ${eb.ref('one_time_tokens.digest')} = ${row.digest}
              then ${eb.ref('one_time_tokens.tries')} else 0 end`,
          })),
        )
        .returning('digest')
      return (await storeChange(insert, storedWith)).length === 1
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
    async prune(expiredBefore, limit) {
      const { numDeletedRows } = await db
        .deleteFrom('one_time_tokens')
        .where(
          'digest',
          'in',
          db
            .selectFrom('one_time_tokens')
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

function toRecord(row: OneTimeTokensTable): OneTimeTokenRecord {
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
