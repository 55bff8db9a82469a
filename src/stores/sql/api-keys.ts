import type {
  ApiKeyCondition,
  ApiKeyRecord,
  ApiKeyStore,
} from '../../core/api-keys/api-key-store.ts'
import { mapAnswer } from '../../core/maybe-promise.ts'
import { numberOrNull, words } from './columns.ts'
import { deleteFirst } from './delete-first.ts'
import type { Engine } from './engine.ts'
import { preparedLater } from './prepared-later.ts'
import type { ApiKeysTable } from './schema.ts'
import { createStoreChange } from './stored-with.ts'
import { toUserRecord } from './user-rows.ts'

/** API keys in SQL. */
export function createApiKeyStore(engine: Engine): ApiKeyStore {
  const { db, locksRows, withoutSync } = engine
  const storeChange = createStoreChange(engine)

  /** The condition is a part of the insert: a user logged out a moment ago gets no key. */
  function insertOf(key: ApiKeyRecord, { securityStamp, most }: ApiKeyCondition) {
    const row = toRow(key)
    const columns = Object.keys(row) as (keyof ApiKeysTable)[]
    return db
      .insertInto('api_keys')
      .columns(columns)
      .expression(
        db
          .selectFrom('users')
          .select((eb) => columns.map((column) => eb.val(row[column]).as(column)))
          .where('users.id', '=', key.userId)
          .where('users.active', '=', 1)
          .where('users.security_stamp', '=', securityStamp)
          .where(
            ({ selectFrom, fn }) =>
              selectFrom('api_keys as other')
                .select(fn.countAll<number>().as('keys'))
                .where('other.user_id', '=', key.userId),
            '<',
            most,
          )
          // A change of the stamp is waited for, or waits, and then ends this key too.
          .$if(locksRows, (query) => query.forShare()),
      )
      .returning('id')
  }

  return {
    async create(key, condition, storedWith) {
      // Each of two at once would count without the other.
      const making = { turn: 'keys', turnKey: key.userId } as const
      return (await storeChange(insertOf(key, condition), storedWith, making)).length === 1
    },
    findSubject: createKeySubjectReader(engine),
    async listByUser(userId) {
      const query = db.selectFrom('api_keys').selectAll().where('user_id', '=', userId)
      return (await query.orderBy('id').execute()).map(toRecord)
    },
    touch: (id, now, since) =>
      withoutSync(async (connection) => {
        const { numUpdatedRows } = await connection
          .updateTable('api_keys')
          .set({ last_used_at: now })
          .where('id', '=', id)
          .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', since)]))
          .executeTakeFirst()
        return numUpdatedRows === 1n
      }),
    async remove(userId, id, storedWith) {
      const deletion = db
        .deleteFrom('api_keys')
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .returning('id')
      return (await storeChange(deletion, storedWith)).length === 1
    },
    async expiring(from, until, limit) {
      const rows = await db
        .selectFrom('api_keys')
        .selectAll()
        .where('expires_at', '>=', from)
        .where('expires_at', '<=', until)
        .where('expiry_told', '=', 0)
        .orderBy('expires_at')
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(toRecord)
    },
    async tellExpiry(id, storedWith) {
      const update = db
        .updateTable('api_keys')
        .set({ expiry_told: 1 })
        .where('id', '=', id)
        .where('expiry_told', '=', 0)
        .returning('id')
      return (await storeChange(update, storedWith)).length === 1
    },
    async prune(expiredBefore, limit) {
      const expired = db.selectFrom('api_keys').where('expires_at', '<', expiredBefore)
      const first = expired.orderBy('expires_at').limit(limit)
      return await deleteFirst(engine, 'api_keys', ['id'], first)
    },
  }
}

/** The one read of a guarded request with a key: the key, its user and the version of the signing keys. */
function createKeySubjectReader({ db, prepareRead }: Engine): ApiKeyStore['findSubject'] {
  const read = preparedLater(() =>
    prepareRead(
      db
        .selectFrom('api_keys')
        .innerJoin('users', 'users.id', 'api_keys.user_id')
        .crossJoin('signing_key_set')
        .selectAll('users')
        .select([
          'api_keys.id as key_id',
          'api_keys.name as key_name',
          'api_keys.scope as key_scope',
          'api_keys.created_at as key_created_at',
          'api_keys.expires_at as key_expires_at',
          'api_keys.last_used_at as key_last_used_at',
          'api_keys.expiry_told as key_expiry_told',
          'signing_key_set.version',
        ])
        .where('api_keys.digest', '=', '')
        .compile(),
    ),
  )
  return (digest) =>
    mapAnswer(read(digest), (row) =>
      row === undefined
        ? null
        : {
            key: toRecord({
              ...{ id: row.key_id, digest, user_id: row.id, name: row.key_name },
              ...{ scope: row.key_scope, created_at: row.key_created_at },
              ...{ expires_at: row.key_expires_at, last_used_at: row.key_last_used_at },
              expiry_told: row.key_expiry_told,
            }),
            user: toUserRecord(row),
            keysVersion: Number(row.version),
          },
    )
}

function toRow(key: ApiKeyRecord): ApiKeysTable {
  return {
    id: key.id,
    digest: key.digest,
    user_id: key.userId,
    name: key.name,
    scope: key.scopes.join(' '),
    created_at: key.createdAt,
    expires_at: key.expiresAt,
    last_used_at: key.lastUsedAt,
    expiry_told: key.expiryTold ? 1 : 0,
  }
}

function toRecord(row: ApiKeysTable): ApiKeyRecord {
  return {
    id: row.id,
    digest: row.digest,
    userId: row.user_id,
    name: row.name,
    scopes: words(row.scope),
    // Instants are kept as bigint by PostgreSQL, whose driver reads that as text.
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    lastUsedAt: numberOrNull(row.last_used_at),
    expiryTold: row.expiry_told === 1,
  }
}
