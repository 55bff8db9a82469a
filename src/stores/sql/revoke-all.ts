import { sql } from 'kysely'
import type { AuthEvent } from '../../core/events/event-store.ts'
import type { InTransaction } from './engine.ts'
import { appendEvent } from './events.ts'

/** Ends everything that was issued; see `Store.revokeAll`. */
export async function revokeAll(
  inTransaction: InTransaction,
  securityStamp: string,
  now: number,
  event?: AuthEvent,
): Promise<true> {
  await inTransaction(async (transaction) => {
    await transaction.updateTable('users').set({ security_stamp: securityStamp }).execute()
    await transaction.deleteFrom('signing_keys').execute()
    // Versions grow more slowly than time: no process has seen this one of an earlier state.
    const version = sql<number>`case when version < ${now} then ${now} else version + 1 end`
    await transaction
      .updateTable('signing_key_set')
      .set({ version, epoch: securityStamp })
      .execute()
    // A challenge that was used must stay so.
    await transaction.deleteFrom('one_time_tokens').where('kind', '<>', 'passkey').execute()
    await transaction.deleteFrom('authorization_codes').execute()
    await transaction.deleteFrom('api_keys').execute()
    await transaction.deleteFrom('mail_outbox').where('state', '=', 'waiting').execute()
    if (event) await transaction.executeQuery(appendEvent(transaction, event))
  })
  return true
}
