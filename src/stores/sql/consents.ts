import type { ConsentRecord, ConsentStore } from '../../core/authorization/consent-store.ts'
import { consentColumns, toConsentRecord, toConsentRow } from './consent-rows.ts'
import type { Engine } from './engine.ts'
import { recorded } from './events.ts'
import { endedColumns, noteEnded } from './logout-notices.ts'

/** What users have allowed clients, in SQL. */
export function createConsentStore(engine: Engine): ConsentStore {
  const { db, inCommittedTransaction, locksRows } = engine

  function insertOf(consent: ConsentRecord) {
    const row = toConsentRow(consent)
    return db
      .insertInto('consents')
      .columns(consentColumns)
      .expression(
        db
          .selectFrom('users')
          .select((eb) => consentColumns.map((column) => eb.val(row[column]).as(column)))
          .where('users.id', '=', consent.userId)
          // One who is being deleted is waited for, and is then not there.
          .$if(locksRows, (query) => query.forKeyShare()),
      )
      .onConflict((conflict) => conflict.columns(['user_id', 'client_id']).doNothing())
      .returning('user_id')
  }

  return {
    async find(userId, clientId) {
      const row = await db
        .selectFrom('consents')
        .selectAll()
        .where('user_id', '=', userId)
        .where('client_id', '=', clientId)
        .executeTakeFirst()
      return row === undefined ? null : toConsentRecord(row)
    },
    async listByUser(userId) {
      const query = db.selectFrom('consents').selectAll().where('user_id', '=', userId)
      return (await query.orderBy('client_id').execute()).map(toConsentRecord)
    },
    async replace(before, after, event) {
      const change =
        before === null
          ? insertOf(after)
          : db
              .updateTable('consents')
              .set(toConsentRow(after))
              .where((row) => row.and(toConsentRow(before)))
              .returning('user_id')
      return (await recorded(db, event, change)).length === 1
    },
    async withdraw(userId, clientId, now, event, notifies = []) {
      const deletion = db
        .deleteFrom('consents')
        .where('user_id', '=', userId)
        .where('client_id', '=', clientId)
        .returning('user_id')
      return await inCommittedTransaction(async (transaction) => {
        // Codes first, as an exchange takes its locks: then the sessions that an exchange has just opened are
        // there to be ended.
        await transaction
          .deleteFrom('authorization_codes')
          .where('user_id', '=', userId)
          .where('client_id', '=', clientId)
          .execute()
        const ended = await transaction
          .updateTable('sessions')
          .set({ revoked_at: now })
          .where('user_id', '=', userId)
          .where('client_id', '=', clientId)
          .where('revoked_at', 'is', null)
          .returning(endedColumns)
          .execute()
        await noteEnded(transaction, ended, notifies, now)
        return (await recorded(transaction, event, deletion)).length === 1
      })
    },
  }
}
