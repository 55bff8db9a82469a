import { ConflictError } from '../../core/errors.ts'
import type { PasskeyAddition, PasskeyStore } from '../../core/factors/passkey-store.ts'
import type { Engine } from './engine.ts'
import { insertFactor, toRecord } from './factor-rows.ts'
import { begins, hasFewer, hasOther } from './first-factor.ts'
import { createStoreChange } from './stored-with.ts'

/** Passkeys, in SQL. */
export function createPasskeyStore(engine: Engine): PasskeyStore {
  const { db, isUniqueViolation } = engine
  const storeChange = createStoreChange(engine)

  function insertOf({ factor, securityStamp, first, most }: PasskeyAddition) {
    const other = hasOther(factor.userId, factor.id)
    return insertFactor(engine, factor, (user) =>
      user
        .where('users.security_stamp', '=', securityStamp)
        .where('users.active', '=', 1)
        .where(({ not }) => (first ? not(other) : other))
        .$if(most !== undefined, (query) => query.where(hasFewer(factor.userId, Number(most)))),
    ).returning('id')
  }

  return {
    async addPasskey(addition, storedWith) {
      const { factor, first, securityStamp } = addition
      const { userId } = factor
      try {
        const added = await storeChange(insertOf(addition), storedWith, {
          // With the other changes of which factors the user has.
          ...{ turn: 'factors', turnKey: userId },
          ends: first && { userId, keepSession: first.keepSession },
          follow: first && ((transaction) => begins(transaction, { userId, securityStamp }, first)),
        })
        return added.length === 1
      } catch (error) {
        if (isUniqueViolation(error)) throw new ConflictError('passkey_known', { cause: error })
        throw error
      }
    },
    async findPasskey(credentialId) {
      const row = await db
        .selectFrom('factors')
        .selectAll()
        .where('credential_id', '=', credentialId)
        .where('confirmed_at', 'is not', null)
        .executeTakeFirst()
      return row === undefined ? null : toRecord(row)
    },
    async usePasskey({ id, counterBefore, counter, backedUp, now }, storedWith) {
      const change = db
        .updateTable('factors')
        .set({ counter, backed_up: Number(backedUp), last_used_at: now })
        .where('id', '=', id)
        .where('kind', '=', 'passkey')
        .where('confirmed_at', 'is not', null)
        .where('counter', '=', counterBefore)
        .returning('id')
      return (await storeChange(change, storedWith)).length === 1
    },
  }
}
