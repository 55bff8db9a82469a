import type { ConsentRecord } from '../../core/authorization/consent-store.ts'
import { words } from './columns.ts'
import type { ConsentsTable } from './schema.ts'

/** All columns. */
export const consentColumns: readonly (keyof ConsentsTable)[] = [
  'user_id',
  'client_id',
  'scope',
  'created_at',
  'updated_at',
]

/** As it is stored. */
export function toConsentRow(consent: ConsentRecord): ConsentsTable {
  return {
    user_id: consent.userId,
    client_id: consent.clientId,
    scope: consent.scopes.join(' '),
    created_at: consent.createdAt,
    updated_at: consent.updatedAt,
  }
}

/** As it was stored. */
export function toConsentRecord(row: ConsentsTable): ConsentRecord {
  return {
    userId: row.user_id,
    clientId: row.client_id,
    scopes: words(row.scope),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  }
}
