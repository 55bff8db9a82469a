import { sql } from 'kysely'
import type { InTransaction } from './kysely-engine.ts'

/** Ends everything that was issued; see `Store.revokeAll`. */
export async function revokeAll(
  inTransaction: InTransaction,
  securityStamp: string,
  now: number,
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
  })
  return true
}
