import { type Kysely, type RawBuilder, sql } from 'kysely'
import {
  noEnd,
  type ThrottleAdmission,
  type ThrottleRule,
  type ThrottleStore,
} from '../../core/throttle/throttle-store.ts'
import type { Schema } from './schema.ts'
import { type CountOnce, countOnce, value } from './throttle-count.ts'

type Admit = NonNullable<ThrottleStore['admit']>

interface Failures {
  /** What each count became; null for one that was not added to. */
  readonly known: string | null
  readonly source: string | null
  readonly account: string | null
}

/**
 * Counts an attempt in one statement of PostgreSQL, which is done without waiting for the disk. Each part of it adds to one
 * count as `count` does: by a condition on the row as it is when its turn comes.
 */
export function createAdmit(db: Kysely<Schema>, takeBack: (key: string) => Promise<void>): Admit {
  return async (admission) => {
    const { rows } = await statementOf(admission).execute(db)
    const { known = null, source = null, account = null } = rows[0] ?? {}
    const { lockedFrom } = admission.rule
    if (known !== null) return { isKnown: true, locks: Number(known) >= lockedFrom }
    if (account !== null) return { isKnown: false, locks: Number(account) >= lockedFrom }
    // The account began to wait meanwhile.
    if (source !== null) await takeBack(admission.sourceKey)
    return null
  }
}

function statementOf(admission: ThrottleAdmission): RawBuilder<Failures> {
  const { knownKey, sourceKey, accountKey, now, rule, sourceRule } = admission
  const throttle = sql.table('throttle')
  const ofAccount = countOnce(now, rule)
  const ofSource = countOnce(now, sourceRule)
  const first = sql`1, 0, 0, ${value(now)}`
  return sql<Failures>`with states as materialized
      (select key, blocked_until from ${throttle} where key in (${knownKey}, ${sourceKey}, ${accountKey})),
    clear as materialized (select exists (select from states where key = ${knownKey}) as is_known,
        set_config('synchronous_commit', 'off', true) as unsynced
      where not exists (select from states where key = ${sourceKey} and ${waits(now, sourceRule)})),
    by_known as (update ${throttle} set ${changesOf(ofAccount)} from clear
      where clear.is_known and key = ${knownKey} and ${ofAccount.mayCount} returning failures),
    by_source as (insert into ${throttle} (key, account, failures, wait, blocked_until, counted_at)
      select ${sourceKey}, null, ${first} from clear where not is_known
        and not exists (select from states where key = ${accountKey} and ${waits(now, rule)})
      on conflict (key) do update set ${changesOf(ofSource)} where ${ofSource.mayCount} returning failures),
    by_account as (insert into ${throttle} (key, account, failures, wait, blocked_until, counted_at)
      select ${accountKey}, ${accountKey}, ${first} from by_source
      on conflict (key) do update set ${changesOf(ofAccount)} where ${ofAccount.mayCount} returning failures)
    select (select failures from by_known) as known, (select failures from by_source) as source,
      (select failures from by_account) as account`
}

/** What `waitOf` says, of the row as it was before the statement: what it lets pass is looked at again. */
function waits(now: number, { longestWait }: ThrottleRule): RawBuilder<boolean> {
  return sql`blocked_until > ${value(now)}
    and (blocked_until <= ${value(now + longestWait)} or blocked_until = ${value(noEnd)})`
}

function changesOf({ changes }: CountOnce): RawBuilder<unknown> {
  return sql.join(Object.entries(changes).map(([name, change]) => sql`${sql.id(name)} = ${change}`))
}
