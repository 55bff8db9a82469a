import type { FactorRecord, FactorStore } from './factor-store.ts'
import { mostFactors, tooMany } from './own-factor.ts'

/** The factors of a user that count: those that are confirmed, the oldest first. */
export async function confirmedOf(
  store: Pick<FactorStore, 'listByUser'>,
  userId: string,
): Promise<readonly FactorRecord[]> {
  return (await store.listByUser(userId)).filter(isConfirmed)
}

export function isConfirmed({ confirmedAt }: FactorRecord): boolean {
  return confirmedAt !== null
}

/** @throws {UserError} `factor_invalid` for a user who may have no other one */
export function refuseTooMany(confirmed: readonly FactorRecord[]): void {
  if (confirmed.length >= mostFactors) throw tooMany()
}
