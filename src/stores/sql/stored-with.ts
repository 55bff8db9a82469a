import {
  CompiledQuery,
  type Expression,
  type ExpressionBuilder,
  type InsertQueryBuilder,
  type InsertResult,
  type Kysely,
  type SqlBool,
} from 'kysely'
import { ConflictError } from '../../core/errors.ts'
import type { Spending, StoredWithPasskey } from '../../core/factors/passkey-store.ts'
import { coalescesFor, type NewMail } from '../../core/mail/outbox-store.ts'
import type { Redemption } from '../../core/mail/stored-with.ts'
import type { Engine, TurnName } from './engine.ts'
import { type Change, recorded } from './events.ts'
import { type Ending, noteAllOf } from './logout-notices.ts'
import type { MailOutboxTable, Schema } from './schema.ts'

/** How a change is made. */
export interface MakingOf {
  /** What it takes turns for. Default: nothing. */
  readonly turn?: TurnName | undefined
  /** Only changes of the same key take turns. Default: all of the turn do. */
  readonly turnKey?: string | undefined
  /** The user whose sessions the change ends, and the one that goes on. Default: it ends none. */
  readonly ends?: Ending | undefined
  /** What follows it in the same transaction, if it changes a row. Default: nothing. */
  readonly follow?: ((transaction: Kysely<Schema>) => Promise<void>) | undefined
}

/** Makes a change and, if it changes a row, all that is stored with it. Answers with its rows. */
export type StoreChange = <Row>(
  change: Change<Row>,
  storedWith?: StoredWithPasskey,
  making?: MakingOf,
) => Promise<readonly Row[]>

export function createStoreChange(engine: Engine): StoreChange {
  const { db, inTransaction, inCommittedTransaction, inTurn, locksRows } = engine
  return async (
    change,
    { event, mails = [], redeems, endsAddresses = [], endsApiKeysOf, notifies, ...rest } = {},
    { turn, turnKey, ends, follow } = {},
  ) => {
    const { spends, alongside } = rest
    const isAlone = mails.length === 0 && !redeems && endsAddresses.length === 0 && !notifies
    if (isAlone && endsApiKeysOf === undefined && !follow && !alongside && !spends) {
      const alone = (connection: Kysely<Schema>) => recorded(connection, event, change)
      return await (turn ? inTurn(turn, alone, turnKey) : alone(db))
    }
    const together = async (transaction: Kysely<Schema>) => {
      // First: the change itself may end the token, by a new stamp.
      if (redeems) await redeem(transaction, redeems)
      if (spends) await spend(transaction, spends)
      // Before it: by the stamp that it changes live sessions are told from those that have ended.
      if (notifies && ends) await noteAllOf({ db: transaction, locksRows }, ends, notifies)
      const rows = await recorded(transaction, event, change)
      if (rows.length === 0) throw new NothingChanged()
      await follow?.(transaction)
      for (const mail of mails) {
        const since = mail.createdAt - coalescesFor
        await insertUnlessSuperfluous(transaction, toMailRow(mail), since).execute()
      }
      if (endsAddresses.length > 0) {
        await transaction
          .deleteFrom('one_time_tokens')
          .where('address_digest', 'in', endsAddresses)
          .execute()
      }
      if (endsApiKeysOf !== undefined) {
        await transaction.deleteFrom('api_keys').where('user_id', '=', endsApiKeysOf).execute()
      }
      if (alongside) await runAlongside(transaction, alongside)
      return rows
    }
    // What another transaction has stored just before the change, the statements after it must find.
    const seesOthers = notifies !== undefined || endsApiKeysOf !== undefined
    const inOne = (connection: Kysely<Schema>) =>
      connection.isTransaction
        ? together(connection)
        : (seesOthers ? inCommittedTransaction : inTransaction)(together)
    try {
      return await (turn ? inTurn(turn, inOne, turnKey) : inOne(db))
    } catch (error) {
      if (error instanceof NothingChanged) return []
      throw error
    }
  }
}

const thrownAlongside = new WeakSet<object>()

/** True for an error of the application's own statements, which says nothing about ours. */
export function wasThrownAlongside(error: unknown): boolean {
  return thrownAlongside.has(Object(error))
}

async function runAlongside(
  transaction: Kysely<Schema>,
  alongside: NonNullable<StoredWithPasskey['alongside']>,
): Promise<void> {
  try {
    await alongside({
      async query<Row>(sql: string, parameters: readonly unknown[] = []) {
        return (await transaction.executeQuery<Row>(CompiledQuery.raw(sql, [...parameters]))).rows
      },
    })
  } catch (error) {
    thrownAlongside.add(Object(error))
    throw error
  }
}

/** Undoes a transaction whose change had no effect. */
export class NothingChanged extends Error {}

async function redeem(transaction: Kysely<Schema>, { digest, now }: Redemption): Promise<void> {
  const { numDeletedRows } = await transaction
    .deleteFrom('one_time_tokens')
    .where('digest', '=', digest)
    .where(isLive(now))
    .executeTakeFirst()
  if (numDeletedRows !== 1n) throw new ConflictError('token_ended')
}

/** Of two at the same time the second waits for the first, and finds its row. */
async function spend(
  transaction: Kysely<Schema>,
  { kind, digest, now, expiresAt }: Spending,
): Promise<void> {
  const { numInsertedOrUpdatedRows } = await transaction
    .insertInto('one_time_tokens')
    .values({
      ...{ digest, kind, subject: digest, payload: '', tries: 0 },
      ...{ user_id: null, security_stamp: null, address_digest: null },
      ...{ created_at: now, expires_at: expiresAt },
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  if (numInsertedOrUpdatedRows !== 1n) throw new ConflictError('token_ended')
}

/** The condition that a one-time token is live. */
export function isLive(now: number) {
  return (eb: ExpressionBuilder<Schema, 'one_time_tokens'>): Expression<SqlBool> =>
    eb.and([
      eb('one_time_tokens.expires_at', '>', now),
      eb.or([
        eb('one_time_tokens.user_id', 'is', null),
        eb.exists(
          eb
            .selectFrom('users')
            .select('users.id')
            .whereRef('users.id', '=', 'one_time_tokens.user_id')
            .whereRef('users.security_stamp', '=', 'one_time_tokens.security_stamp')
            .where('users.active', '=', 1),
        ),
      ]),
    ])
}

/** The statement that stores a mail, unless one with its key was made since an instant. */
export function insertUnlessSuperfluous(
  db: Kysely<Schema>,
  row: MailOutboxTable,
  since: number,
): InsertQueryBuilder<Schema, 'mail_outbox', InsertResult> {
  const columns = Object.keys(row) as (keyof MailOutboxTable)[]
  const { coalesce_key: key } = row
  const values = db.selectNoFrom((eb) => columns.map((column) => eb.val(row[column]).as(column)))
  return db
    .insertInto('mail_outbox')
    .columns(columns)
    .expression(
      key === null
        ? values
        : values.where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('mail_outbox as other')
                  .select('other.id')
                  .where('other.coalesce_key', '=', key)
                  .where('other.created_at', '>=', since),
              ),
            ),
          ),
    )
}

/** The row of a mail that waits. */
export function toMailRow(mail: NewMail): MailOutboxTable {
  return {
    id: mail.id,
    kind: mail.kind,
    recipient: mail.recipient,
    coalesce_key: mail.coalesceKey,
    payload: mail.payload,
    created_at: mail.createdAt,
    due_at: mail.dueAt,
    expires_at: mail.expiresAt,
    state: 'waiting',
    attempts: 0,
    claimed_until: null,
    reason: null,
  }
}
