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
  const types = login.purpose === 'enroll' ? enrollable(second) : await shown(second, user)
  return new MfaRequired({
    mfa_token: token,
    expires_in: second.tokens.lifetime,
    mfa_requirements: { [login.purpose]: types.map((type) => ({ type })) },
  })
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
