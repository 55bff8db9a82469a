import { type RawBuilder, sql } from 'kysely'
import { noEnd, type ThrottleRule } from '../../core/throttle/throttle-store.ts'

export interface CountOnce {
  readonly changes: Readonly<Record<'failures' | 'wait' | 'blocked_until', RawBuilder<number>>> & {
    readonly counted_at: number
  }
  readonly mayCount: RawBuilder<boolean>
}

/** What one more failed attempt makes of a count, as a part of the statement that decides it. */
export function countOnce(now: number, rule: ThrottleRule): CountOnce {
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

/** PostgreSQL does not know the type of a bare parameter, and SQLite does not mind. */
export function value(number: number): RawBuilder<number> {
  return sql`cast(${number} as bigint)`
}
