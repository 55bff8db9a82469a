import type { InsertQueryBuilder, InsertResult, SelectQueryBuilder } from 'kysely'
import type { FactorRecord, PasskeyRecord } from '../../core/factors/factor-store.ts'
import { numberOrNull, words } from './columns.ts'
import type { Engine } from './engine.ts'
import type { FactorsTable, Schema } from './schema.ts'

/** The row of a factor. */
export function toRow(factor: FactorRecord): FactorsTable {
  const { passkey } = factor
  return {
    id: factor.id,
    user_id: factor.userId,
    kind: factor.kind,
    name: factor.name,
    created_at: factor.createdAt,
    confirmed_at: factor.confirmedAt,
    last_used_at: factor.lastUsedAt,
    sealed_secret: factor.sealedSecret,
    last_step: factor.lastStep,
    credential_id: passkey?.credentialId ?? null,
    public_key: passkey?.publicKey ?? null,
    counter: passkey?.counter ?? null,
    backup_eligible: passkey ? Number(passkey.backupEligible) : null,
    backed_up: passkey ? Number(passkey.backedUp) : null,
    transports: passkey?.transports.join(' ') ?? null,
    aaguid: passkey?.aaguid ?? null,
  }
}

/** Inserts a factor if there is its user, and what else is asked of the user holds. */
export function insertFactor(
  { db, locksRows }: Engine,
  factor: FactorRecord,
  only: (user: SelectQueryBuilder<Schema, 'users', object>) => typeof user = (user) => user,
): InsertQueryBuilder<Schema, 'factors', InsertResult> {
  const row = toRow(factor)
  const columns = Object.keys(row) as (keyof FactorsTable)[]
  return db
    .insertInto('factors')
    .columns(columns)
    .expression(
      only(
        db
          .selectFrom('users')
          .select((eb) => columns.map((column) => eb.val(row[column]).as(column)))
          .where('users.id', '=', factor.userId),
      )
        // One who is being deleted is waited for, and is then not there.
        .$if(locksRows, (query) => query.forKeyShare()),
    )
}

/** The factor of a row. */
export function toRecord(row: FactorsTable): FactorRecord {
  return {
    id: row.id,
    userId: row.user_id,
    kind: row.kind,
    name: row.name,
    createdAt: Number(row.created_at),
    confirmedAt: numberOrNull(row.confirmed_at),
    lastUsedAt: numberOrNull(row.last_used_at),
    sealedSecret: row.sealed_secret,
    lastStep: numberOrNull(row.last_step),
    passkey: row.credential_id === null ? null : passkeyOf(row, row.credential_id),
  }
}

function passkeyOf(row: FactorsTable, credentialId: string): PasskeyRecord {
  return {
    credentialId,
    publicKey: row.public_key ?? '',
    counter: Number(row.counter),
    backupEligible: Number(row.backup_eligible) === 1,
    backedUp: Number(row.backed_up) === 1,
    transports: words(row.transports ?? ''),
    aaguid: row.aaguid ?? '',
  }
}
