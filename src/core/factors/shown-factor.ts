import type { Actor } from '../events/events.ts'
import type { StoredWith } from '../mail/stored-with.ts'
import type { FactorProof } from '../tokens/authentication.ts'
import type { UserRecord } from '../users/user-store.ts'
import type { PendingLogin } from './mfa-tokens.ts'
import type { ShownPasskey } from './passkeys/passkey-calls.ts'

/** What somebody shows as a second factor: a code of an app, one of the recovery codes, or a passkey. */
export type ShownFactor =
  | { readonly otp: string; readonly recoveryCode?: undefined; readonly passkey?: undefined }
  | { readonly recoveryCode: string; readonly otp?: undefined; readonly passkey?: undefined }
  | { readonly passkey: ShownPasskey; readonly otp?: undefined; readonly recoveryCode?: undefined }

/** Where it is shown, and what for. */
export interface FactorAttempt extends Actor {
  readonly userAgent?: string | undefined
  /** For the event of a refusal. Default unknown. */
  readonly clientId?: string | undefined
  /** What it is shown for. */
  readonly purpose: 'login' | 'step-up'
  /** The session of a step-up, which the challenge of a passkey is bound to. Default none. */
  readonly sessionId?: string | undefined
  /** The login that it completes, whose token is used up with the code. Default none. */
  readonly login?: PendingLogin | undefined
}

/** A second factor that was right. */
export interface ProvedFactor {
  /** Recovery codes that are left, if one was used; else null. */
  readonly recoveryCodesLeft: number | null
  /** What it is beside a password. */
  readonly proof: FactorProof
}

/**
 * Looks at a passkey that a user has shown, and uses its challenge up: what it proves, or why it is refused.
 *
 * @throws {ConflictError} `token_ended` if the login that it completes has ended
 */
export type UsePasskey = (
  user: UserRecord,
  shown: ShownPasskey,
  attempt: FactorAttempt,
  storedWith: StoredWith,
) => Promise<ProvedFactor | string>
