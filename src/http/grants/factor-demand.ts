import type { Auth } from '../../core/auth.ts'
import { UserError } from '../../core/errors.ts'
import type { FactorDemand, PendingLogin } from '../../core/factors/mfa-tokens.ts'
import type { SecondFactor } from '../../core/factors/second-factor.ts'
import { internals } from '../../core/internals.ts'
import type { UserRecord } from '../../core/users/user-store.ts'
import { MfaRequired } from '../refusal.ts'

/**
 * The refusal of a login that needs a second factor, with the token that it goes on with. Null if the user has
 * changed meanwhile.
 */
export async function askForFactor(
  second: SecondFactor,
  user: UserRecord,
  login: Pick<PendingLogin, 'clientId' | 'scopes'> & { readonly purpose: FactorDemand },
): Promise<MfaRequired | null> {
  const token = await second.tokens.issue(user, login)
  if (token === null) return null
  const types = login.purpose === 'enroll' ? enrollable(second) : await shown(second, user)
  return new MfaRequired({
    mfa_token: token,
    expires_in: second.tokens.lifetime,
    mfa_requirements: { [login.purpose]: types.map((type) => ({ type })) },
  })
}

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

function enrollable({ passkeys }: SecondFactor): readonly string[] {
  return passkeys === null ? ['otp'] : ['otp', 'webauthn']
}

/** What the user has, and what stands in for it. */
async function shown(second: SecondFactor, user: UserRecord): Promise<readonly string[]> {
  const kinds = await second.kindsOf(user)
  return [
    ...(kinds.has('totp') ? ['otp'] : []),
    ...(kinds.has('passkey') && second.passkeys ? ['webauthn'] : []),
    'recovery-code',
  ]
}
