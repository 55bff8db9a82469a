import {
  type Expression,
  type ExpressionBuilder,
  type Kysely,
  type RawBuilder,
  type SqlBool,
  sql,
} from 'kysely'
import type { KeptSession } from '../../core/users/kept-session.ts'
import type { StampRenewal } from '../../core/users/user-store.ts'
import type { Schema } from './schema.ts'
import { isAsTokenSays } from './session-rows.ts'

/** The `retry_of` of a session from then on when no token before its newest is good for a retry. */
export const settledRetryOf: RawBuilder<number> = sql`case
  when retry_of is null or retry_of = generation then generation else -1 end`

/** The condition that a session is the one that stays open, as far as its stamp does not decide. */
export function isKept({ id, token }: KeptSession) {
  return (eb: ExpressionBuilder<Schema, 'sessions'>): Expression<SqlBool> =>
    eb.and([eb('sessions.id', '=', id), ...(token ? [isAsTokenSays(token)(eb)] : [])])
}

/** Gives the session that stays open the new stamp. No token before its newest is good for a retry from then on. */
export async function keepOpen(
  transaction: Kysely<Schema>,
  userId: string,
  { keepSession, oldSecurityStamp, securityStamp }: StampRenewal,
): Promise<void> {
  if (keepSession === undefined) return
  await transaction
    .updateTable('sessions')
    .set({ security_stamp: securityStamp, retry_of: settledRetryOf })
    .where(isKept(keepSession))
    .where('user_id', '=', userId)
    .where('security_stamp', '=', oldSecurityStamp)
    .where('revoked_at', 'is', null)
    .execute()
}
