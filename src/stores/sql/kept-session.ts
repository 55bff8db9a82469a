import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { StampRenewal } from '../../core/users/user-store.ts'
import type { Schema } from './schema.ts'

/** The `retry_of` of a session from then on when no token before its newest is good for a retry. */
export const settledRetryOf: RawBuilder<number> = sql`case
  when retry_of is null or retry_of = generation then generation else -1 end`

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
    .set({ security_stamp: securityStamp, retry_of: settledRetryOf })
    .where('id', '=', keepSession)
    .where('user_id', '=', userId)
    .where('security_stamp', '=', oldSecurityStamp)
    .where('revoked_at', 'is', null)
    .execute()
}
