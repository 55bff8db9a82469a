// Counts of failed attempts, which slow down guessing.

import { and, asc, count, eq, inArray, isNull, lt, or } from 'drizzle-orm'
import { noEnd, type ThrottleStore, waitOf } from 'portcullis/stores'
import { type Database, inTransaction, type Transaction } from './database.ts'
import { addEvent } from './events.ts'
import { throttle } from './schema.ts'

type Row = typeof throttle.$inferSelect

const nothing = { failures: 0, wait: 0, blockedUntil: 0 }

export function createThrottle(db: Database): ThrottleStore {
  return {
    async count({ key, now, rule, account = null, ifPresent = false }) {
      return inTransaction(db, (tx) => {
        const known = read(tx, key)
        if (known === undefined && ifPresent) return { kind: 'absent' }
        const row = known ?? { key, account, ...nothing, countedAt: now, succeededAt: null }
        const until = waitOf(row.blockedUntil, now, rule)
        if (until !== null) return { kind: 'wait', until }
        const failures = row.countedAt < now - rule.forgottenAfter ? 1 : row.failures + 1
        const doubled = row.wait === 0 ? rule.firstWait : row.wait * 2
        const wait = failures <= rule.free ? 0 : Math.min(doubled, rule.longestWait)
        const locks = failures >= rule.lockedFrom
        const blockedUntil = locks ? noEnd : wait === 0 ? 0 : now + wait
        put(tx, { ...row, failures, wait, blockedUntil, countedAt: now })
        return { kind: 'counted', locks }
      })
    },
    async find(keys) {
      return db
        .select({ key: throttle.key, blockedUntil: throttle.blockedUntil })
        .from(throttle)
        .where(inArray(throttle.key, [...keys]))
        .all()
    },
    async takeBack(key) {
      inTransaction(db, (tx) => {
        const row = read(tx, key)
        if (row === undefined || row.failures === 0) return
        if (row.failures === 1 && row.succeededAt === null) {
          tx.delete(throttle).where(eq(throttle.key, key)).run()
          return
        }
        const wait = Math.floor(row.wait / 2)
        put(tx, { ...row, failures: row.failures - 1, wait, blockedUntil: 0 })
      })
    },
    async succeed({ account, knownKey: key, now, ends }) {
      inTransaction(db, (tx) => {
        tx.delete(throttle)
          .where(inArray(throttle.key, [...ends]))
          .run()
        put(tx, { key, account, ...nothing, countedAt: now, succeededAt: now })
      })
    },
    async unlock(account, event) {
      inTransaction(db, (tx) => {
        tx.update(throttle).set(nothing).where(eq(throttle.account, account)).run()
        addEvent(tx, event)
      })
    },
    async prune(countedBefore, succeededBefore, most) {
      return inTransaction(db, (tx) => {
        const isStranger = isNull(throttle.succeededAt)
        const isOld = and(
          lt(throttle.countedAt, countedBefore),
          lt(throttle.blockedUntil, noEnd),
          or(isStranger, lt(throttle.succeededAt, succeededBefore)),
        )
        const old = tx.delete(throttle).where(isOld).run()
        const strangers = tx.select({ count: count() }).from(throttle).where(isStranger).get()
        const excess = Number(strangers?.count) - most
        if (excess <= 0) return Number(old.changes)
        // The fewest failures go first: names that were tried once, not the ones under attack.
        const least = tx
          .select({ key: throttle.key })
          .from(throttle)
          .where(isStranger)
          .orderBy(asc(throttle.failures), asc(throttle.countedAt))
          .limit(excess)
        const more = tx.delete(throttle).where(inArray(throttle.key, least)).run()
        return Number(old.changes) + Number(more.changes)
      })
    },
  }
}

function read(tx: Transaction, key: string): Row | undefined {
  return tx.select().from(throttle).where(eq(throttle.key, key)).get()
}

function put(tx: Transaction, row: Row): void {
  tx.insert(throttle).values(row).onConflictDoUpdate({ target: throttle.key, set: row }).run()
}
