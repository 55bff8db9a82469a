import { type Kysely, sql } from 'kysely'
import { numberOrNull } from './columns.ts'
import type { Schema } from './schema.ts'

/** How sending goes, as the database knows it. */
export interface MailSigns {
  /** Mails that are to be sent. */
  readonly waiting: number
  /** When the oldest of them was made, in seconds since 1970; null if none waits. */
  readonly oldestWaitsSince: number | null
  /** Mails that were given up since the instant that was asked for. */
  readonly failed: number
}

/**
 * Reads how sending goes. When a mail is due says little about how long it waits: every try moves that on.
 *
 * @param failedSince Seconds since 1970.
 */
export async function readMailSigns(db: Kysely<Schema>, failedSince: number): Promise<MailSigns> {
  const { waiting, oldest } = await db
    .selectFrom('mail_outbox')
    .select((eb) => [
      eb.fn.countAll<number>().as('waiting'),
      eb.fn.min<number | null>('created_at').as('oldest'),
    ])
    // A literal, as in the condition of the index.
    .where('state', '=', sql.lit<'waiting'>('waiting'))
    .executeTakeFirstOrThrow()
  // A mail at rest does not say when it was given up.
  const { failed } = await db
    .selectFrom('events')
    .select((eb) => eb.fn.countAll<number>().as('failed'))
    .where('type', '=', 'mail_failed')
    .where('at', '>=', failedSince)
    .executeTakeFirstOrThrow()
  return {
    waiting: Number(waiting),
    oldestWaitsSince: numberOrNull(oldest),
    failed: Number(failed),
  }
}
