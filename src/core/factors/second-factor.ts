import type { Clock } from '../clock.ts'
import { ThrottledError, UserError } from '../errors.ts'
import type { Authentication } from '../tokens/authentication.ts'
import { isTwoFactors } from '../tokens/authentication.ts'
import type { UserRecord } from '../users/user-store.ts'
import { confirmedOf } from './confirmed-factors.ts'
import type { FactorAttempt, FactorAttempts } from './factor-attempts.ts'
import type { ConfirmedFactor, LoginConfirmation } from './factor-calls.ts'
import type { FactorSettings } from './factor-options.ts'
import type { FactorKind, FactorStore } from './factor-store.ts'
import type { FactorDemand, MfaTokens } from './mfa-tokens.ts'
import { qrOf } from './otpauth.ts'
import type { PasskeyLogins } from './passkeys/passkey-logins.ts'

/** What logins ask of second factors. */
export interface SecondFactor extends Pick<FactorAttempts, 'verify' | 'unlock' | 'counts'> {
  /** Confirms an app within a login that waits for it. @throws {ConflictError} `token_ended` if that has ended */
  confirmWithin(confirmation: LoginConfirmation): Promise<ConfirmedFactor>
  readonly tokens: MfaTokens
  /** Passkeys at logins; null if they are off. */
  readonly passkeys: PasskeyLogins | null
  /** Of what kinds the factors of a user are. */
  kindsOf(user: Pick<UserRecord, 'id'>): Promise<ReadonlySet<FactorKind>>
  /** The picture of a link that an app is set up with: an SVG document. */
  qrOf(otpauthUri: string): string
  /** What the user has to do beyond the password; null for nothing. */
  demandOf(user: Pick<UserRecord, 'id' | 'role'>): Promise<FactorDemand | null>
  /** True if a role demands a second factor now. Costs nothing: guards ask it. */
  isDemandedOf(role: string): boolean
  /** True if the role of a user demands a second factor now, and a login of this `acr` has shown none. */
  isMissing(user: Pick<UserRecord, 'role'>, acr: string | undefined): boolean
  /**
   * Refuses a login with one factor by a user who has a second, or whose role demands one. Whatever opens a
   * session, or says that its user has authenticated again, asks this.
   *
   * @throws {UserError} `factor_needed`
   */
  require(user: UserRecord, authentication: Pick<Authentication, 'acr'>): Promise<void>
  /**
   * For a code that comes with a password: whether it was shown, or the user has no second factor (`none`).
   * Whatever is wrong, a wait too, is `wrong`: it is answered like a wrong password.
   */
  comesWith(
    user: UserRecord,
    otp: string,
    attempt: FactorAttempt,
  ): Promise<'shown' | 'none' | 'wrong'>
}

const needs: Readonly<Record<FactorDemand, string>> = {
  challenge: 'A second factor is needed.',
  enroll: 'The role of the user demands a second factor: set one up.',
}

export function createSecondFactor(
  store: FactorStore,
  attempts: FactorAttempts,
  tokens: MfaTokens,
  { required, requiredFrom }: FactorSettings,
  clock: Clock,
): Omit<SecondFactor, 'confirmWithin' | 'passkeys'> {
  const demanding = new Set(required)
  const isDemandedOf = (role: string): boolean => demanding.has(role) && clock() >= requiredFrom

  async function kindsOf({ id }: Pick<UserRecord, 'id'>): Promise<ReadonlySet<FactorKind>> {
    return new Set((await confirmedOf(store, id)).map(({ kind }) => kind))
  }

  const hasFactor = async (user: Pick<UserRecord, 'id'>): Promise<boolean> =>
    (await kindsOf(user)).size > 0

  async function demandOf(user: Pick<UserRecord, 'id' | 'role'>): Promise<FactorDemand | null> {
    if (await hasFactor(user)) return 'challenge'
    return isDemandedOf(user.role) ? 'enroll' : null
  }

  return {
    ...{ tokens, kindsOf, qrOf, demandOf, isDemandedOf },
    ...{ verify: attempts.verify, unlock: attempts.unlock, counts: attempts.counts },
    isMissing: ({ role }, acr = 'none') => isDemandedOf(role) && !isTwoFactors({ acr }),
    async require(user, authentication) {
      if (isTwoFactors(authentication)) return
      const demand = await demandOf(user)
      if (demand !== null) throw new UserError('factor_needed', [needs[demand]])
    },
    async comesWith(user, otp, attempt) {
      if (!(await hasFactor(user))) return 'none'
      try {
        return (await attempts.verify(user, { otp }, attempt)) === null ? 'wrong' : 'shown'
      } catch (error) {
        if (error instanceof ThrottledError) return 'wrong'
        throw error
      }
    },
  }
}
