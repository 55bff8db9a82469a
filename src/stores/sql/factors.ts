import type { Expression, ExpressionBuilder, Kysely, SqlBool } from 'kysely'
import { ConflictError } from '../../core/errors.ts'
import type {
  FactorConfirmation,
  FactorRecord,
  FactorRemoval,
  FactorStore,
} from '../../core/factors/factor-store.ts'
import { deleteFirst } from './delete-first.ts'
import type { Engine } from './engine.ts'
import { toRecord, toRow } from './factor-rows.ts'
import { keepOpen } from './kept-session.ts'
import type { FactorsTable, Schema } from './schema.ts'
import { createStoreChange, NothingChanged } from './stored-with.ts'
import { isActiveWithStamp } from './user-rows.ts'

/** Second factors and recovery codes, in SQL. */
export function createFactorStore(engine: Engine): FactorStore {
  const { db, locksRows } = engine
  const storeChange = createStoreChange(engine)
  /** Changes of which factors a user has, which depend on the user’s others: one after the other. */
  const inTurnOf = (userId: string) => ({ turn: 'factors', turnKey: userId }) as const

  function insertOf(factor: FactorRecord) {
    const row = toRow(factor)
    const columns = Object.keys(row) as (keyof FactorsTable)[]
    return db
      .insertInto('factors')
      .columns(columns)
      .expression(
        db
          .selectFrom('users')
          .select((eb) => columns.map((column) => eb.val(row[column]).as(column)))
          .where('users.id', '=', factor.userId)
          // One who is being deleted is waited for, and is then not there.
          .$if(locksRows, (query) => query.forKeyShare()),
      )
      .onConflict((conflict) =>
        conflict.column('user_id').where('confirmed_at', 'is', null).doUpdateSet(row),
      )
      .returning('id')
  }

  async function removing(
    userId: string,
    { securityStamp, ...storedWith }: FactorRemoval,
    id?: string,
    keepOne = false,
  ): Promise<boolean> {
    let deletion = db
      .deleteFrom('factors')
      .where('user_id', '=', userId)
      .where('confirmed_at', 'is not', null)
    if (id !== undefined) deletion = deletion.where('id', '=', id)
    if (keepOne && id !== undefined) deletion = deletion.where(hasOther(userId, id))
    const removed = await storeChange(deletion.returning('id'), storedWith, {
      ...inTurnOf(userId),
      ends: securityStamp === undefined ? undefined : { userId },
      async follow(transaction) {
        if (id === undefined) await dropUnconfirmed(transaction, userId)
        await dropCodesWithoutFactor(transaction, userId)
        if (securityStamp !== undefined) await stamp(transaction, userId, securityStamp)
      },
    })
    return removed.length > 0
  }

  return {
    async begin(factor) {
      return (await insertOf(factor).execute()).length === 1
    },
    async listByUser(userId) {
      const query = db.selectFrom('factors').selectAll().where('user_id', '=', userId)
      return (await query.orderBy('id').execute()).map(toRecord)
    },
    async confirm(confirmation, storedWith) {
      const { userId, first } = confirmation
      const change = db
        .updateTable('factors')
        .set({
          ...{ confirmed_at: confirmation.now, last_used_at: confirmation.now },
          last_step: confirmation.step,
        })
        .where('id', '=', confirmation.id)
        .where('user_id', '=', userId)
        .where('confirmed_at', 'is', null)
        .where('created_at', '>', confirmation.createdAfter)
        .where(isActiveWithStamp(userId, confirmation.securityStamp))
        .where((eb) => {
          const other = hasOther(userId, confirmation.id)(eb)
          return first ? eb.not(other) : other
        })
        .returning('id')
      const confirmed = await storeChange(change, storedWith, {
        ...inTurnOf(userId),
        ends: first && { userId, keepSession: first.keepSession },
        follow: first && ((transaction) => begins(transaction, confirmation, first)),
      })
      return confirmed.length === 1
    },
    async useStep({ id, step, now, sealedSecret }, storedWith) {
      const change = db
        .updateTable('factors')
        .set({
          ...{ last_step: step, last_used_at: now },
          ...(sealedSecret !== undefined && { sealed_secret: sealedSecret }),
        })
        .where('id', '=', id)
        .where('confirmed_at', 'is not', null)
        .where((eb) => eb.or([eb('last_step', 'is', null), eb('last_step', '<', step)]))
        .returning('id')
      return (await storeChange(change, storedWith)).length === 1
    },
    async useRecoveryCode(userId, digest, storedWith) {
      const change = db
        .deleteFrom('recovery_codes')
        .where('digest', '=', digest)
        .where('user_id', '=', userId)
        .returning('digest')
      return (await storeChange(change, storedWith)).length === 1
    },
    async countRecoveryCodes(userId) {
      const { codes } = await db
        .selectFrom('recovery_codes')
        .select((eb) => eb.fn.countAll<number>().as('codes'))
        .where('user_id', '=', userId)
        .executeTakeFirstOrThrow()
      return Number(codes)
    },
    async replaceRecoveryCodes(userId, digests, storedWith) {
      // The user’s factors stay as they are while the codes change.
      const change = db
        .updateTable('factors')
        .set({ user_id: userId })
        .where('user_id', '=', userId)
        .where('confirmed_at', 'is not', null)
        .returning('id')
      const changed = await storeChange(change, storedWith, {
        ...inTurnOf(userId),
        follow: (transaction) => putCodes(transaction, userId, digests),
      })
      return changed.length > 0
    },
    async rename(userId, id, name, storedWith) {
      const change = db
        .updateTable('factors')
        .set({ name })
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .where('confirmed_at', 'is not', null)
        .returning('id')
      return (await storeChange(change, storedWith)).length === 1
    },
    async remove(userId, id, { keepOne = false, ...removal } = {}) {
      if (await removing(userId, removal, id, keepOne)) return true
      if (!keepOne) return false
      const found = await db
        .selectFrom('factors')
        .select('id')
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .where('confirmed_at', 'is not', null)
        .executeTakeFirst()
      if (found === undefined) return false
      throw new ConflictError('last_factor')
    },
    removeAll: (userId, removal = {}) => removing(userId, removal),
    async prune(createdBefore, limit) {
      const unconfirmed = db.selectFrom('factors').where('confirmed_at', 'is', null)
      const old = unconfirmed.where('created_at', '<', createdBefore).limit(limit)
      return await deleteFirst(engine, 'factors', ['id'], old)
    },
  }
}

type Condition = (eb: ExpressionBuilder<Schema, 'factors'>) => Expression<SqlBool>

/** The condition that the user has another factor that is confirmed. */
function hasOther(userId: string, id: string): Condition {
  return ({ exists, selectFrom }) =>
    exists(
      selectFrom('factors as other')
        .select('other.id')
        .where('other.user_id', '=', userId)
        .where('other.confirmed_at', 'is not', null)
        .where('other.id', '<>', id),
    )
}

/** What comes with the first factor. The stamp may have changed since the statement before: then nothing is done. */
async function begins(
  transaction: Kysely<Schema>,
  { userId, securityStamp: oldSecurityStamp }: FactorConfirmation,
  { securityStamp, keepSession, recoveryCodes }: NonNullable<FactorConfirmation['first']>,
): Promise<void> {
  const { numUpdatedRows } = await transaction
    .updateTable('users')
    .set({ security_stamp: securityStamp })
    .where('id', '=', userId)
    .where('security_stamp', '=', oldSecurityStamp)
    .where('active', '=', 1)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new NothingChanged()
  if (keepSession !== undefined) {
    await keepOpen(transaction, userId, { keepSession, oldSecurityStamp, securityStamp })
  }
  await putCodes(transaction, userId, recoveryCodes)
}

async function putCodes(
  transaction: Kysely<Schema>,
  userId: string,
  digests: readonly string[],
): Promise<void> {
  await transaction.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
  if (digests.length === 0) return
  await transaction
    .insertInto('recovery_codes')
    .values(digests.map((digest) => ({ digest, user_id: userId })))
    .execute()
}

async function dropUnconfirmed(transaction: Kysely<Schema>, userId: string): Promise<void> {
  await transaction
    .deleteFrom('factors')
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is', null)
    .execute()
}

async function dropCodesWithoutFactor(transaction: Kysely<Schema>, userId: string): Promise<void> {
  await transaction
    .deleteFrom('recovery_codes')
    .where('user_id', '=', userId)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('factors')
            .select('factors.id')
            .where('factors.user_id', '=', userId)
            .where('factors.confirmed_at', 'is not', null),
        ),
      ),
    )
    .execute()
}

async function stamp(
  transaction: Kysely<Schema>,
  userId: string,
  securityStamp: string,
): Promise<void> {
  await transaction
    .updateTable('users')
    .set({ security_stamp: securityStamp })
    .where('id', '=', userId)
    .execute()
}
