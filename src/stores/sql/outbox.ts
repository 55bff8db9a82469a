import { sql } from 'kysely'
import type { MailRecord, OutboxStore } from '../../core/mail/outbox-store.ts'
import type { Engine } from './engine.ts'
import { recorded } from './events.ts'
import type { MailOutboxTable } from './schema.ts'
import { toMailRow } from './stored-with.ts'

/** Mails that wait, in SQL. */
export function createOutboxStore({ db, scans, locksRows }: Engine): OutboxStore {
  const waiting = db.selectFrom('mail_outbox').select('id').where('state', '=', 'waiting')

  return {
    async add(mail, coalescesSince) {
      const row = toMailRow(mail)
      const { coalesce_key: key } = row
      if (key === null || coalescesSince === undefined) {
        await db.insertInto('mail_outbox').values(row).execute()
        return true
      }
      const columns = Object.keys(row) as (keyof MailOutboxTable)[]
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('mail_outbox')
        .columns(columns)
        .expression(
          db
            .selectNoFrom((eb) => columns.map((column) => eb.val(row[column]).as(column)))
            .where(({ not, exists, selectFrom }) =>
              not(
                exists(
                  selectFrom('mail_outbox as other')
                    .select('other.id')
                    .where('other.coalesce_key', '=', key)
                    .where('other.created_at', '>=', coalescesSince),
                ),
              ),
            ),
        )
        .executeTakeFirst()
      return numInsertedOrUpdatedRows === 1n
    },
    async claim(now, until, limit) {
      const rows = await db
        .updateTable('mail_outbox')
        .set({ attempts: sql`attempts + 1`, claimed_until: until })
        .where(
          'id',
          'in',
          waiting
            .where('due_at', '<=', now)
            .where('expires_at', '>', now)
            .where((eb) => eb.or([eb('claimed_until', 'is', null), eb('claimed_until', '<=', now)]))
            .orderBy('due_at')
            .limit(limit)
            .$if(locksRows, (query) => query.forUpdate().skipLocked()),
        )
        .returningAll()
        .execute()
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
      return (await recorded(db, event, update)).length === 1
    },
    async expire(now, limit) {
      const rows = await db
        .updateTable('mail_outbox')
        .set({ state: 'failed', reason: 'expired', recipient: '', payload: '' })
        .where(
          'id',
          'in',
          waiting
            .where('expires_at', '<=', now)
            .limit(limit)
            .$if(locksRows, (query) => query.forUpdate().skipLocked()),
        )
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
        .where('state', '=', 'waiting')
        .executeTakeFirstOrThrow()
      const { failed } = await scans
        .selectFrom('mail_outbox')
        .select((eb) => eb.fn.countAll<number>().as('failed'))
        .where('state', '=', 'failed')
        .executeTakeFirstOrThrow()
      return {
        waiting: Number(count),
        failed: Number(failed),
        oldestDueAt: oldest === null ? null : Number(oldest),
      }
    },
    async prune(before, limit) {
      const { numDeletedRows } = await db
        .deleteFrom('mail_outbox')
        .where(
          'id',
          'in',
          db
            .selectFrom('mail_outbox')
            .select('id')
            .where('created_at', '<', before)
            .where('state', '<>', 'waiting')
            .orderBy('created_at')
            .limit(limit)
            .$if(locksRows, (query) => query.forUpdate().skipLocked()),
        )
        .executeTakeFirst()
      return Number(numDeletedRows)
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
    claimedUntil: row.claimed_until === null ? null : Number(row.claimed_until),
    reason: row.reason,
  }
}
