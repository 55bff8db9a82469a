import type { Kysely } from 'kysely'
import { createSealedPayloads } from '../../core/accounts/sealed-payload.ts'
import { createSealedSecrets } from '../../core/factors/sealed-secrets.ts'
import { sealedTokenKinds } from '../../core/mail/one-time-token-store.ts'
import { sealingKeyId } from '../../core/resealing.ts'
import { toRecord as toToken } from './one-time-tokens.ts'
import type { Schema } from './schema.ts'
import { listSealed } from './sealed-factors.ts'

/** The secrets that rows may be sealed under. */
export interface SealingKeys {
  /** At least 32 bytes, as each of the others. */
  readonly secret: Uint8Array
  readonly previousSecrets: readonly Uint8Array[]
}

/** How many rows are sealed under what. */
export interface SealedRows {
  readonly today: number
  readonly previous: number
  readonly unreadable: number
}

/** What is sealed in a database, and when that was last moved to the key of today. */
export interface SealedSigns {
  readonly factors: SealedRows
  readonly oneTimeTokens: SealedRows
  /**
   * From when on no token needs a previous key, by the record of the last move. Seconds since 1970; null if there
   * is no record of one to the key of today, or it was stopped.
   */
  readonly neededUntil: number | null
}

type Seal = 'today' | 'previous' | 'unreadable'

/** Rows that are read at once. */
const pageSize = 1000

/** Looks at every sealed row of factors and one-time tokens. */
export async function readSealedSigns(
  db: Kysely<Schema>,
  { secret, previousSecrets }: SealingKeys,
): Promise<SealedSigns> {
  const secrets = createSealedSecrets(secret, previousSecrets)
  const payloads = createSealedPayloads(secret, previousSecrets)
  const factors = await countSeals(async (after) => {
    const page = await listSealed(db, { after, limit: pageSize })
    return page.map((factor) => ({ key: factor.id, seal: sealOf(secrets.open(factor)) }))
  })
  const oneTimeTokens = await countSeals(async (after) => {
    const query = db.selectFrom('one_time_tokens').selectAll().where('digest', '>', after)
    const sealed = query.where('kind', 'in', sealedTokenKinds)
    const rows = await sealed.orderBy('digest').limit(pageSize).execute()
    return rows.map((row) => ({ key: row.digest, seal: sealOf(payloads.open(toToken(row))) }))
  })
  return { factors, oneTimeTokens, neededUntil: await readNeededUntil(db, secret) }
}

function sealOf(opened: { readonly sealedAgain: string | undefined } | null): Seal {
  if (opened === null) return 'unreadable'
  return opened.sealedAgain === undefined ? 'today' : 'previous'
}

async function countSeals(
  read: (after: string) => Promise<readonly { readonly key: string; readonly seal: Seal }[]>,
): Promise<SealedRows> {
  const counts = { today: 0, previous: 0, unreadable: 0 }
  for (let after = ''; ; ) {
    const page = await read(after)
    for (const { seal } of page) counts[seal]++
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return counts
    after = last.key
  }
}

async function readNeededUntil(db: Kysely<Schema>, secret: Uint8Array): Promise<number | null> {
  const row = await db
    .selectFrom('events')
    .select('details')
    .where('type', '=', 'secrets_resealed')
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  const { key_id, needed_until } = JSON.parse(row?.details ?? '{}')
  // One that was stopped says nothing of it.
  return key_id === sealingKeyId(secret) ? (needed_until ?? null) : null
}
