import { type Kysely, sql } from 'kysely'
import {
  noEnd,
  type ThrottleCount,
  type ThrottleOutcome,
  type ThrottleStore,
  waitOf,
} from '../../core/throttle/throttle-store.ts'
import { type Engine, isPostgres } from './engine.ts'
import { appendEvent } from './events.ts'
import type { Schema } from './schema.ts'
import { createAdmit } from './throttle-admission.ts'
import { countOnce } from './throttle-count.ts'
import { insertUnsynced, unsynced } from './unsynced.ts'

/** Tries to count an attempt while others change the count between the statements of each. */
const maxTries = 20

/** Counts of failed attempts in SQL. */
export function createThrottleStore({
  db,
  inTransaction,
  withoutSync,
  scans,
}: Engine): ThrottleStore {
  const takeBack = (key: string): Promise<void> =>
    withoutSync(async (db) => {
      const { numDeletedRows } = await db
        .deleteFrom('throttle')
        .$if(isPostgres(db), (query) => query.using(unsynced))
        .where('key', '=', key)
        .where('failures', '<=', 1)
        .where('succeeded_at', 'is', null)
        .executeTakeFirst()
      if (numDeletedRows > 0n) return
      await db
        .updateTable('throttle')
        .$if(isPostgres(db), (query) => query.from(unsynced))
        .set({
          failures: sql`failures - 1`,
          wait: sql`wait / 2`,
          blocked_until: 0,
        })
        .where('key', '=', key)
        .where('failures', '>', 0)
        .execute()
    })

  return {
    ...(isPostgres(db) && { admit: createAdmit(db, takeBack) }),
    count: (count) =>
      withoutSync(async (db) => {
        for (let tries = 0; tries < maxTries; tries++) {
          const outcome = await tryToCount(db, count)
          if (outcome !== null) return outcome
        }
        return { kind: 'wait', until: count.now + count.rule.firstWait }
      }),
    async find(keys) {
      const rows = await withoutSync((db) =>
        db
          .selectFrom('throttle')
          .select(['key', 'blocked_until'])
          .where('key', 'in', keys)
          .execute(),
      )
      return rows.map((row) => ({ key: row.key, blockedUntil: Number(row.blocked_until) }))
    },
    takeBack,
    succeed: ({ account, knownKey: key, now, ends }) =>
      withoutSync(async (db) => {
        if (ends.length > 0) {
          await db
            .deleteFrom('throttle')
            .$if(isPostgres(db), (query) => query.using(unsynced))
            .where('key', 'in', ends)
            .execute()
        }
        const fresh = { failures: 0, wait: 0, blocked_until: 0, counted_at: now, succeeded_at: now }
        await insertUnsynced(db, 'throttle', { key, account, ...fresh })
          .onConflict((conflict) => conflict.column('key').doUpdateSet(fresh))
          .execute()
      }),
    async unlock(account, event) {
      await inTransaction(async (transaction) => {
        await transaction
          .updateTable('throttle')
          .set({ failures: 0, wait: 0, blocked_until: 0 })
          .where('account', '=', account)
          .execute()
        // Somebody lets the account try again, whether or not anything was counted.
        if (event) await transaction.executeQuery(appendEvent(db, event))
      })
    },
    async prune(countedBefore, succeededBefore, most) {
      const old = await scans
        .deleteFrom('throttle')
        .where('counted_at', '<', countedBefore)
        .where('blocked_until', '<', noEnd)
        .where((eb) =>
          eb.or([eb('succeeded_at', 'is', null), eb('succeeded_at', '<', succeededBefore)]),
        )
        .executeTakeFirst()
      const strangers = scans.selectFrom('throttle').where('succeeded_at', 'is', null)
      const { count } = await strangers
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow()
      const excess = Number(count) - most
      if (excess <= 0) return Number(old.numDeletedRows)
      // The fewest failures go first: names that were tried once, not the ones under attack.
      const { numDeletedRows } = await scans
        .deleteFrom('throttle')
        .where(
          'key',
          'in',
          strangers.select('key').orderBy('failures').orderBy('counted_at').limit(excess),
        )
        .executeTakeFirst()
      return Number(old.numDeletedRows + numDeletedRows)
    },
  }
}

/** Counts an attempt, or returns null if another transaction changed the count meanwhile. */
async function tryToCount(
  db: Kysely<Schema>,
  { key, now, rule, account, ifPresent }: ThrottleCount,
): Promise<ThrottleOutcome | null> {
  const counted = countOnce(now, rule)
  const row = ifPresent
    ? await db
        .updateTable('throttle')
        .$if(isPostgres(db), (query) => query.from(unsynced))
        .set(counted.changes)
        .where('key', '=', key)
        .where(counted.mayCount)
        .returning('failures')
        .executeTakeFirst()
    : await insertUnsynced(db, 'throttle', {
        key,
        account: account ?? null,
        ...{ failures: 1, wait: 0, blocked_until: 0, counted_at: now },
      })
        .onConflict((conflict) =>
          conflict.column('key').doUpdateSet(counted.changes).where(counted.mayCount),
        )
        .returning('failures')
        .executeTakeFirst()
  if (row) return { kind: 'counted', locks: Number(row.failures) >= rule.lockedFrom }
  const found = await db
    .selectFrom('throttle')
    .select('blocked_until')
    .where('key', '=', key)
    .executeTakeFirst()
  if (!found) return ifPresent ? { kind: 'absent' } : null
  const until = waitOf(Number(found.blocked_until), now, rule)
  return until === null ? null : { kind: 'wait', until }
}
