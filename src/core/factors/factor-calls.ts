import type { Actor } from '../events/events.ts'
import type { AskingToken } from '../tokens/authentication.ts'
import type { PendingLogin } from './mfa-tokens.ts'
import type { TotpSetUp } from './otpauth.ts'
import type { Factor, OwnFactors } from './own-factor.ts'
import type { Passkeys } from './passkeys/passkey-calls.ts'

export type { Factor, OwnFactors } from './own-factor.ts'

/** An authenticator app that is being set up. It counts for nothing before it is confirmed. */
export interface TotpEnrolment extends TotpSetUp {
  /** By which it is confirmed. */
  readonly id: string
}

/** A code that shows that an app was set up. */
export interface TotpConfirmation extends OwnFactors {
  /** Of the enrolment. */
  readonly id: string
  /** The six digits that the app shows. They are used up. */
  readonly otp: string
  /** The session that the enrolment was made in. It stays, and is one of two factors from then on. */
  readonly sessionId: string
  /**
   * What the access token that asks says. If the session is no longer as it says, it stays as weak as it was,
   * and the first factor ends it too. Default: the session may be anything.
   */
  readonly token?: AskingToken | undefined
}

/** The same within a login that waits for the factor: that ends with it. */
export interface LoginConfirmation extends Omit<TotpConfirmation, 'sessionId' | 'token'> {
  /** Its token is used up. */
  readonly login: PendingLogin
}

/** What the first factor brings. */
export interface ConfirmedFactor {
  /** To be shown once; null if there was a factor before, with codes of its own. */
  readonly recoveryCodes: readonly string[] | null
}

/**
 * The second factors of users. None of these looks at how the caller has logged in: guard what leads here with
 * `requireRecentLogin`, and with `requireFactor` where there is a factor already.
 */
export interface Factors {
  /** Passkeys; null unless the option `factors.passkeys` is on. */
  readonly passkeys: Passkeys | null
  /** Those of a user that are confirmed, the oldest first. */
  list(userId: string): Promise<readonly Factor[]>
  /** How many recovery codes a user has left. */
  recoveryCodesLeft(userId: string): Promise<number>
  /**
   * Begins to set up an authenticator app, in the place of another that is not confirmed. The secret is shown
   * here and never again. It ends after 10 minutes.
   *
   * @throws {UserError} `user_unknown`, `factor_invalid`
   */
  beginTotp(request: OwnFactors & { readonly name?: string | undefined }): Promise<TotpEnrolment>
  /**
   * Confirms an app by a code of it. The first factor of a user ends every other session and all that was begun,
   * and brings recovery codes. Another one is confirmed in a session with two factors alone.
   *
   * @throws {UserError} `factor_unknown` for an enrolment that has ended, or whose session has; `factor_needed` in a
   * session with one factor of a user who has a factor; `code_incorrect`
   */
  confirmTotp(confirmation: TotpConfirmation): Promise<ConfirmedFactor>
  /** @throws {UserError} `factor_unknown`, `factor_invalid` */
  rename(request: OwnFactors & { readonly id: string; readonly name: string }): Promise<Factor>
  /**
   * @throws {UserError} `factor_unknown`; `last_factor` if the role of the user demands one, or for the last
   * passkey of a user without a password
   */
  remove(request: OwnFactors & { readonly id: string }): Promise<void>
  /** New recovery codes, to be shown once; the older ones end. @throws {UserError} `factor_unknown` without a factor */
  renewRecoveryCodes(request: OwnFactors): Promise<readonly string[]>
  /**
   * Removes one factor of a user, or all, with the recovery codes. Ends every session of the user, and the lock
   * of wrong codes. For administrators: nobody sees a secret.
   *
   * @throws {UserError} `user_unknown`, `factor_unknown`; `last_factor` for one's own last one, which the role
   * demands, and for one's own last passkey without a password
   */
  reset(userId: string, options?: { readonly id?: string; readonly by?: Actor }): Promise<void>
}
