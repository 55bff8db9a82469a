import type { AskingToken, FactorProof } from '../../tokens/authentication.ts'
import type { PendingLogin } from '../mfa-tokens.ts'
import type { Factor, OwnFactors } from '../own-factor.ts'
import type { PasskeyCreation } from './public-key.ts'

/** What a page asks the browser for a passkey with, and by what the answer is known again. */
export interface PasskeyChallenge<PublicKey> {
  /** To be sent back with the credential. Good once, for 5 minutes. */
  readonly challengeId: string
  /** The options of the browser, in JSON. */
  readonly publicKey: PublicKey
}

/** What a browser has answered. */
export interface ShownPasskey {
  /** Of the challenge. */
  readonly challengeId: string
  /** The credential in JSON, as `PublicKeyCredential.toJSON()` returns it. It is not trusted to be one. */
  readonly credential: unknown
}

/** A passkey that was made in a session. */
export interface PasskeyEnrolment extends OwnFactors, ShownPasskey {
  /** What the user calls it. Default `Passkey`. */
  readonly name?: string | undefined
  /** The session that the challenge was made in. It stays. */
  readonly sessionId: string
  /** What the access token that asks says, as at `TotpConfirmation`. */
  readonly token?: AskingToken | undefined
}

/** The same within a login that waits for the factor: that ends with it. */
export interface PasskeyLoginEnrolment extends Omit<PasskeyEnrolment, 'sessionId' | 'token'> {
  readonly login: PendingLogin
}

/** A passkey that counts from now on. */
export interface AddedPasskey {
  /** As it is listed. */
  readonly factor: Factor
  /** To be shown once; null if there was a factor before, with codes of its own. */
  readonly recoveryCodes: readonly string[] | null
}

/** A passkey that was made within a login. */
export interface AddedWithinLogin extends AddedPasskey {
  /** What the login has shown by it. */
  readonly proof: FactorProof
}

/** Passkeys of users. As with all factors, guard what leads here. */
export interface Passkeys {
  /** Begins to make one. Nothing is stored. @throws {UserError} `user_unknown`, `factor_invalid` */
  begin(
    request: OwnFactors & { readonly sessionId: string },
  ): Promise<PasskeyChallenge<PasskeyCreation>>
  /**
   * Adds one. The first factor of a user ends every other session and all that was begun, and brings recovery
   * codes. Another one is added in a session with two factors alone.
   *
   * @throws {UserError} `challenge_ended`, `passkey_refused`, `passkey_known`, `factor_invalid`, `factor_needed`
   */
  add(enrolment: PasskeyEnrolment): Promise<AddedPasskey>
}
