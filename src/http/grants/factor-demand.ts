import type { FactorDemand, PendingLogin } from '../../core/factors/mfa-tokens.ts'
import type { SecondFactor } from '../../core/factors/second-factor.ts'
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
  return new MfaRequired({
    mfa_token: token,
    expires_in: second.tokens.lifetime,
    mfa_requirements: { [login.purpose]: typesFor[login.purpose] },
  })
}

const typesFor = {
  challenge: [{ type: 'otp' }, { type: 'recovery-code' }],
  enroll: [{ type: 'otp' }],
} as const
