import { type ExpressionBuilder, type Kysely, type SelectQueryBuilder, sql } from 'kysely'
import type { MailRecord, OutboxStore } from '../../core/mail/outbox-store.ts'
import { numberOrNull } from './columns.ts'
import { deleteFirst } from './delete-first.ts'
import type { Engine } from './engine.ts'
import { recorded } from './events.ts'
import type { MailOutboxTable, Schema } from './schema.ts'
import { insertUnlessSuperfluous, toMailRow } from './stored-with.ts'

/** Mails that wait, in SQL. */
export function createOutboxStore(engine: Engine): OutboxStore {
  const { db, scans, inTurn, withoutSync, locksRows } = engine

  // Literals, as in the conditions of the indexes.
  const waits = sql.lit<'waiting'>('waiting')
  const waiting = db.selectFrom('mail_outbox').select('id').where('state', '=', waits)
  const isFree = (now: number) => (eb: ExpressionBuilder<Schema, 'mail_outbox'>) =>
    eb.or([eb('claimed_until', 'is', null), eb('claimed_until', '<=', now)])
  /** Leaves out what another process is about to change. */
  const skipLocked = <Query extends SelectQueryBuilder<Schema, 'mail_outbox', { id: string }>>(
    query: Query,
  ) => (locksRows ? query.forUpdate().skipLocked() : query)

  return {
    async add(mail, coalescesSince) {
      const row = toMailRow(mail)
      const { coalesce_key: key } = row
      if (key === null || coalescesSince === undefined) {
        await db.insertInto('mail_outbox').values(row).execute()
        return true
      }
      const insert = insertUnlessSuperfluous(db, row, coalescesSince).returning('id').compile()
      // Of two with one key at the same time the second has to see the first.
      const { rows } = await inTurn('mails', (connection) => connection.executeQuery(insert), key)
      return rows.length === 1
    },
    async claim(now, until, limit) {
      const query = db
        // Read once: a planner may run a subquery for each row, and would claim more than the limit.
        .with(
          (wb) => wb('due').materialized(),
          () =>
            waiting
              .where('due_at', '<=', now)
              .where('expires_at', '>', now)
              .where(isFree(now))
              .orderBy('due_at')
              .limit(limit)
              .$call(skipLocked),
        )
        .updateTable('mail_outbox')
        .set({ attempts: sql`attempts + 1`, claimed_until: until })
        .where('id', 'in', (eb) => eb.selectFrom('due').select('id'))
        .returningAll()
        .compile()
      const { rows } = await withoutSync((connection) => connection.executeQuery(query))
      return rows.map(toMailRecord).sort((one, other) => one.dueAt - other.dueAt)
    },
    async settle(id, attempts, outcome, event) {
      const { state } = outcome
      const update = db
        .updateTable('mail_outbox')
        .set({
          state,
          claimed_until: null,
          reason: 'reason' in outcome ? outcome.reason : null,
          ...(outcome.state === 'waiting'
            ? { due_at: outcome.dueAt }
            : { recipient: '', payload: '' }),
        })
        .where('id', '=', id)
        .where('state', '=', 'waiting')
        .where('attempts', '=', attempts)
        .returning('id')
      const settle = (connection: Kysely<Schema>) => recorded(connection, event, update)
      return (await (event ? settle(db) : withoutSync(settle))).length === 1
    },
    async expire(now, limit) {
      const rows = await db
        .with(
          (wb) => wb('late').materialized(),
          () =>
            waiting
              .where('expires_at', '<=', now)
              .where(isFree(now))
              .limit(limit)
              .$call(skipLocked),
        )
        .updateTable('mail_outbox')
        .set({
          state: 'failed',
          claimed_until: null,
          reason: 'expired',
          recipient: '',
          payload: '',
        })
        .where('id', 'in', (eb) => eb.selectFrom('late').select('id'))
        .returningAll()
        .execute()
      return rows.map(toMailRecord)
    },
    async counts() {
      const { count, oldest } = await db
        .selectFrom('mail_outbox')
        .select((eb) => [
          eb.fn.countAll<number>().as('count'),
          eb.fn.min<number | null>('due_at').as('oldest'),
        ])
        .where('state', '=', waits)
        .executeTakeFirstOrThrow()
      const { failed } = await scans
        .selectFrom('mail_outbox')
        .select((eb) => eb.fn.countAll<number>().as('failed'))
        .where('state', '=', sql.lit<'failed'>('failed'))
        .executeTakeFirstOrThrow()
      return {
        waiting: Number(count),
        failed: Number(failed),
        oldestDueAt: numberOrNull(oldest),
      }
    },
    async prune(before, limit) {
      const settled = db.selectFrom('mail_outbox').where('state', '<>', 'waiting')
      const first = settled.where('created_at', '<', before).orderBy('created_at').limit(limit)
      return await deleteFirst(engine, 'mail_outbox', ['id'], first)
    },
  }
}

function toMailRecord(row: MailOutboxTable): MailRecord {
  return {
    id: row.id,
    kind: row.kind,
    recipient: row.recipient,
    coalesceKey: row.coalesce_key,
    payload: row.payload,
    createdAt: Number(row.created_at),
    dueAt: Number(row.due_at),
    expiresAt: Number(row.expires_at),
    state: row.state,
    attempts: Number(row.attempts),
    claimedUntil: numberOrNull(row.claimed_until),
    reason: row.reason,
  }
}
