import type { Auth } from '../../core/auth.ts'
import { UserError } from '../../core/errors.ts'
import type { FactorDemand } from '../../core/factors/mfa-tokens.ts'
import { internals } from '../../core/internals.ts'
import type { UserRecord } from '../../core/users/user-store.ts'

/** What is asked for after all, and of whom. */
export interface LateDemand {
  readonly user: UserRecord
  readonly demand: FactorDemand
}

/**
 * What a login has to show whose session was refused: a factor was added since the password was checked. Null if the
 * user has changed in another way.
 *
 * @throws the error, if it is another refusal.
 */
export async function demandedSince(
  auth: Auth,
  { id, passwordHash }: UserRecord,
  error: unknown,
): Promise<LateDemand | null> {
  if (!(error instanceof UserError && error.code === 'factor_needed')) throw error
  const { store, second } = auth[internals]
  const user = await store.users.findById(id)
  // The password that was right may be none by now.
  if (!user?.active || user.passwordHash !== passwordHash) return null
  const demand = await second?.demandOf(user)
  return demand ? { user, demand } : null
}
