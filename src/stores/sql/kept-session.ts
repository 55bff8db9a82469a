import type { Kysely } from 'kysely'
import type { StampRenewal } from '../../core/users/user-store.ts'
import type { Schema } from './schema.ts'

/** Gives a session of the user the new stamp, if it is neither revoked nor of another stamp. */
export async function keepOpen(
  transaction: Kysely<Schema>,
  userId: string,
  { keepSession = '', oldSecurityStamp, securityStamp }: StampRenewal,
): Promise<void> {
  await transaction
    .updateTable('sessions')
    .set({ security_stamp: securityStamp })
    .where('id', '=', keepSession)
    .where('user_id', '=', userId)
    .where('security_stamp', '=', oldSecurityStamp)
    .where('revoked_at', 'is', null)
    .execute()
}
