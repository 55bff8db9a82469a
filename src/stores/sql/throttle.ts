import { type Kysely, type RawBuilder, sql } from 'kysely'
import {
  noEnd,
  type ThrottleCount,
  type ThrottleOutcome,
  type ThrottleRule,
  type ThrottleStore,
  waitOf,
} from '../../core/throttle/throttle-store.ts'
import type { Engine } from './engine.ts'
import { appendEvent } from './events.ts'
import type { Schema } from './schema.ts'

/** Tries to count an attempt while others change the count between the statements of each. */
const maxTries = 20

/** Counts of failed attempts in SQL. */
export function createThrottleStore({
  db,
  inTransaction,
  withoutSync,
  scans,
}: Engine): ThrottleStore {
  return {
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
    takeBack: (key) =>
      withoutSync(async (db) => {
        const { numDeletedRows } = await db
          .deleteFrom('throttle')
          .where('key', '=', key)
          .where('failures', '<=', 1)
          .where('succeeded_at', 'is', null)
          .executeTakeFirst()
        if (numDeletedRows > 0n) return
        await db
          .updateTable('throttle')
          .set({
            failures: sql`failures - 1`,
            wait: sql`wait / 2`,
            blocked_until: 0,
          })
          .where('key', '=', key)
          .where('failures', '>', 0)
          .execute()
      }),
    succeed: ({ account, knownKey: key, now, ends }) =>
      withoutSync(async (db) => {
        if (ends.length > 0) await db.deleteFrom('throttle').where('key', 'in', ends).execute()
        const fresh = { failures: 0, wait: 0, blocked_until: 0, counted_at: now, succeeded_at: now }
        await db
          .insertInto('throttle')
          .values({ key, account, ...fresh })
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
        .set(counted.changes)
        .where('key', '=', key)
        .where(counted.mayCount)
        .returning('failures')
        .executeTakeFirst()
    : await db
        .insertInto('throttle')
        .values({
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

interface CountOnce {
  readonly changes: Readonly<Record<'failures' | 'wait' | 'blocked_until', RawBuilder<number>>> & {
    readonly counted_at: number
  }
  readonly mayCount: RawBuilder<boolean>
}

/** What one more failed attempt makes of a count, as a part of the statement that decides it. */
function countOnce(now: number, rule: ThrottleRule): CountOnce {
  // PostgreSQL does not know the type of a bare parameter, and SQLite does not mind.
  const value = (number: number): RawBuilder<number> => sql`cast(${number} as bigint)`
  const column = {
    failures: sql.ref('throttle.failures'),
    wait: sql.ref('throttle.wait'),
    blocked_until: sql.ref('throttle.blocked_until'),
    counted_at: sql.ref('throttle.counted_at'),
  }
  const isForgotten = sql`${column.counted_at} < ${value(now - rule.forgottenAfter)}`
  const failures = sql<number>`case when ${isForgotten} then 1 else ${column.failures} + 1 end`
  const wait = sql<number>`case
    when ${failures} <= ${value(rule.free)} then 0
    when ${column.wait} = 0 then ${value(rule.firstWait)}
    when ${column.wait} * 2 > ${value(rule.longestWait)} then ${value(rule.longestWait)}
    else ${column.wait} * 2 end`
  const blockedUntil = sql<number>`case
    when ${failures} >= ${value(rule.lockedFrom)} then ${value(noEnd)}
    when ${failures} <= ${value(rule.free)} then 0
    else ${value(now)} + ${wait} end`
  // A wait longer than the longest was made before the clock was set back.
  const mayCount = sql<boolean>`(${column.blocked_until} <= ${value(now)} or
    (${column.blocked_until} > ${value(now + rule.longestWait)} and ${column.blocked_until} < ${value(noEnd)}))`
  return { changes: { failures, wait, blocked_until: blockedUntil, counted_at: now }, mayCount }
}
