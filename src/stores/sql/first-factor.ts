import { type Expression, expressionBuilder, type Kysely, type SqlBool } from 'kysely'
import type {
  FactorConfirmation,
  FactorKind,
  FirstFactor,
} from '../../core/factors/factor-store.ts'
import { keepOpen } from './kept-session.ts'
import type { Schema } from './schema.ts'
import { NothingChanged } from './stored-with.ts'

/** The condition that the user has another factor that is confirmed, of a kind if one is given. */
export function hasOther(userId: string, id: string, kind?: FactorKind): Expression<SqlBool> {
  const { exists, selectFrom } = expressionBuilder<Schema, never>()
  const others = selectFrom('factors as other')
    .select('other.id')
    .where('other.user_id', '=', userId)
    .where('other.confirmed_at', 'is not', null)
    .where('other.id', '<>', id)
  return exists(kind === undefined ? others : others.where('other.kind', '=', kind))
}

/** The condition that the user has fewer factors that are confirmed. */
export function hasFewer(userId: string, most: number): Expression<SqlBool> {
  const eb = expressionBuilder<Schema, never>()
  const count = eb
    .selectFrom('factors as other')
    .select(({ fn }) => fn.countAll<number>().as('factors'))
    .where('other.user_id', '=', userId)
    .where('other.confirmed_at', 'is not', null)
  return eb(count, '<', most)
}

/** What comes with the first factor. The stamp may have changed since the statement before: then nothing is done. */
export async function begins(
  transaction: Kysely<Schema>,
  { userId, securityStamp: oldSecurityStamp }: Pick<FactorConfirmation, 'userId' | 'securityStamp'>,
  { securityStamp, keepSession, recoveryCodes }: FirstFactor,
): Promise<void> {
  const { numUpdatedRows } = await transaction
    .updateTable('users')
    .set({ security_stamp: securityStamp })
    .where('id', '=', userId)
    .where('security_stamp', '=', oldSecurityStamp)
    .where('active', '=', 1)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new NothingChanged()
  await keepOpen(transaction, userId, { keepSession, oldSecurityStamp, securityStamp })
  await dropUnconfirmed(transaction, userId)
  await putCodes(transaction, userId, recoveryCodes)
}

/** What was begun ends: who began it had shown no more than was needed then. */
export async function dropUnconfirmed(transaction: Kysely<Schema>, userId: string): Promise<void> {
  await transaction
    .deleteFrom('factors')
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is', null)
    .execute()
}

export async function putCodes(
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
