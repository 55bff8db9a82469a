import type { Kysely } from 'kysely'
import { ConflictError } from '../../core/errors.ts'
import type { FactorRecord, FactorRemoval, FactorStore } from '../../core/factors/factor-store.ts'
import { deleteFirst } from './delete-first.ts'
import type { Engine } from './engine.ts'
import { insertFactor, toRecord, toRow } from './factor-rows.ts'
import { begins, dropUnconfirmed, hasFewer, hasOther, putCodes } from './first-factor.ts'
import { createPasskeyStore } from './passkeys.ts'
import type { Schema } from './schema.ts'
import { createSealedFactors } from './sealed-factors.ts'
import { createStoreChange } from './stored-with.ts'
import { isActiveWithStamp } from './user-rows.ts'

/** Second factors and recovery codes, in SQL. */
export function createFactorStore(engine: Engine): FactorStore {
  const { db } = engine
  const storeChange = createStoreChange(engine)
  /** Changes of which factors a user has, which depend on the user’s others: one after the other. */
  const inTurnOf = (userId: string) => ({ turn: 'factors', turnKey: userId }) as const

  function insertOf(factor: FactorRecord) {
    return insertFactor(engine, factor)
      .onConflict((conflict) =>
        conflict.column('user_id').where('confirmed_at', 'is', null).doUpdateSet(toRow(factor)),
      )
      .returning('id')
  }

  async function removing(
    userId: string,
    { securityStamp, keepOne = false, keepPasskey = false, ...storedWith }: FactorRemoval,
    id?: string,
  ): Promise<boolean> {
    let deletion = db
      .deleteFrom('factors')
      .where('user_id', '=', userId)
      .where('confirmed_at', 'is not', null)
    if (id !== undefined) deletion = deletion.where('id', '=', id)
    if (keepOne && id !== undefined) deletion = deletion.where(hasOther(userId, id))
    if (keepPasskey && id !== undefined) {
      deletion = deletion.where((eb) =>
        eb.or([eb('kind', '<>', 'passkey'), hasOther(userId, id, 'passkey')]),
      )
    }
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
    ...createPasskeyStore(engine),
    async begin(factor) {
      return (await insertOf(factor).execute()).length === 1
    },
    async listByUser(userId) {
      const query = db.selectFrom('factors').selectAll().where('user_id', '=', userId)
      return (await query.orderBy('id').execute()).map(toRecord)
    },
    async confirm(confirmation, storedWith) {
      const { userId, first, most } = confirmation
      let change = db
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
          const other = hasOther(userId, confirmation.id)
          return first ? eb.not(other) : other
        })
      if (most !== undefined) change = change.where(hasFewer(userId, most))
      const confirmed = await storeChange(change.returning('id'), storedWith, {
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
    async remove(userId, id, removal = {}) {
      if (await removing(userId, removal, id)) return true
      if (!removal.keepOne && !removal.keepPasskey) return false
      const confirmed = await db
        .selectFrom('factors')
        .select('id')
        .where('user_id', '=', userId)
        .where('confirmed_at', 'is not', null)
        .execute()
      if (!confirmed.some((each) => each.id === id)) return false
      const isLast = removal.keepOne && (confirmed.length === 1 || !removal.keepPasskey)
      throw new ConflictError(isLast ? 'last_factor' : 'last_passkey')
    },
    removeAll: (userId, removal = {}) => removing(userId, removal),
    ...createSealedFactors(engine),
    async prune(createdBefore, limit) {
      const unconfirmed = db.selectFrom('factors').where('confirmed_at', 'is', null)
      const old = unconfirmed.where('created_at', '<', createdBefore).limit(limit)
      return await deleteFirst(engine, 'factors', ['id'], old)
    },
  }
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
