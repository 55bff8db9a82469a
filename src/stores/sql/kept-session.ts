import { type Kysely, sql } from 'kysely'
import type { StampRenewal } from '../../core/users/user-store.ts'
import type { Schema } from './schema.ts'

/**
 * Gives a session of the user the new stamp, if it is neither revoked nor of another stamp. No token before its
 * newest is good for a retry from then on.
 */
export async function keepOpen(
  transaction: Kysely<Schema>,
  userId: string,
  { keepSession = '', oldSecurityStamp, securityStamp }: StampRenewal,
): Promise<void> {
  await transaction
    .updateTable('sessions')
    .set({ security_stamp: securityStamp, retry_of: sql.ref('generation') })
    .where('id', '=', keepSession)
    .where('user_id', '=', userId)
    .where('security_stamp', '=', oldSecurityStamp)
    .where('revoked_at', 'is', null)
    .execute()
}
