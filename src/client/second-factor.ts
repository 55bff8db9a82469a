import { AuthClientError } from './client-error.ts'
import type { Tokens } from './token-storage.ts'

/** What a login asks for whose password was right. */
export interface SecondFactorRequest {
  /** What can be shown: `otp`, a code of an authenticator app; `webauthn`, a passkey; and `recovery-code`. */
  readonly kinds: readonly string[]
  /** True if what was shown before is not right. */
  readonly failed: boolean
  /** What the browser is asked with for a passkey. Good once. @throws {AuthClientError} as `login` */
  challenge(): Promise<PasskeyChallenge>
}

/** What a page asks the browser for a passkey with. */
export interface PasskeyChallenge {
  /** To be shown with the credential. Good once, for 5 minutes. */
  readonly challengeId: string
  /** For `startAuthentication` of `@simplewebauthn/browser`, or `parseRequestOptionsFromJSON` of the browser. */
  readonly publicKey: PasskeyRequestOptions
}

/** PublicKeyCredentialRequestOptionsJSON (Web Authentication §5.1.10). */
export interface PasskeyRequestOptions {
  /** In base64url. */
  challenge: string
  /** The domain that passkeys are made for. Default: that of the page. */
  rpId?: string
  /** Milliseconds. Default: as the browser has it. */
  timeout?: number
  /** Whether the passkey has to verify its user. Default `preferred`. */
  userVerification?: 'required' | 'preferred' | 'discouraged'
  /** The passkeys of the user. Default: any, for a login by a passkey. */
  allowCredentials?: { id: string; type: 'public-key' }[]
}

/** What the browser has answered. */
export interface ShownPasskey {
  /** Of the challenge. */
  readonly challengeId: string
  /** In JSON: what `startAuthentication` returns, or `credential.toJSON()`. */
  readonly credential: object
}

/** What the user shows as a second factor. */
export type ShownFactor =
  | { readonly otp: string }
  | { readonly recoveryCode: string }
  | ShownPasskey

/** Asks the user for the second factor; null gives the login up. */
export type AskForFactor = (
  request: SecondFactorRequest,
) => Promise<ShownFactor | null> | ShownFactor | null

/** A login that waits for the second factor. */
export interface PendingLogin {
  readonly token: string
  readonly kinds: readonly string[]
}

/** The logins that refusals tell of. Not a member of them: an error may be logged, and holds no token. */
const pending = new WeakMap<AuthClientError, PendingLogin>()

/** The refusal of a login that needs a second factor, or whose user has to set one up; null for any other. */
export function readMfaRequired(
  body: Readonly<Record<string, unknown>>,
  details: { readonly status?: number },
): AuthClientError | null {
  if (body.error !== 'mfa_required') return null
  const { challenge, enroll } = Object(body.mfa_requirements) as Record<string, unknown>
  const reason = Array.isArray(challenge) || !Array.isArray(enroll) ? undefined : 'enroll'
  const says = reason
    ? 'This account needs a second factor: set one up first.'
    : 'A second factor is needed.'
  const options = { ...details, ...(reason && { reason }) }
  const error = new AuthClientError('second_factor_needed', says, options)
  if (Array.isArray(challenge) && typeof body.mfa_token === 'string') {
    const kinds = challenge.map((each) => String(Object(each).type))
    pending.set(error, { token: body.mfa_token, kinds })
  }
  return error
}

/**
 * Logs in, and asks for the second factor as often as it is not right.
 *
 * @param show Shows the factor to the server.
 */
export async function logInWithFactor(
  login: () => Promise<Tokens>,
  ask: AskForFactor | undefined,
  show: (token: string, shown: ShownFactor) => Promise<Tokens>,
  challenge: (token: string) => Promise<PasskeyChallenge>,
): Promise<Tokens> {
  try {
    return await login()
  } catch (error) {
    const waiting = error instanceof AuthClientError ? pending.get(error) : undefined
    if (waiting === undefined || ask === undefined) throw error
    const { token, kinds } = waiting
    for (let failed = false; ; failed = true) {
      const shown = await ask({ kinds, failed, challenge: () => challenge(token) })
      if (shown === null) throw error
      try {
        return await show(token, shown)
      } catch (refusal) {
        const isWrong = refusal instanceof AuthClientError && refusal.code === 'invalid_credentials'
        if (!isWrong) throw refusal
      }
    }
  }
}

/** The fields of the second request. */
export function factorFields(token: string, shown: ShownFactor): Readonly<Record<string, string>> {
  const kind = 'otp' in shown ? 'otp' : 'credential' in shown ? 'webauthn' : 'recovery-code'
  return { grant_type: `${grants}mfa-${kind}`, mfa_token: token, ...formFields(shown) }
}

/** The fields of a login by a passkey alone. */
export const passkeyFields = (shown: ShownPasskey): Readonly<Record<string, string>> => ({
  grant_type: `${grants}passkey`,
  ...formFields(shown),
})

/** What the names of our own grants begin with. */
export const grants = 'urn:portcullis:grant-type:'

/** What is shown, in a form: the credential is a text there. */
function formFields(shown: ShownFactor): Readonly<Record<string, string>> {
  const { credential, ...fields } = shownFields(shown)
  return {
    ...(fields as Record<string, string>),
    ...(credential && { credential: JSON.stringify(credential) }),
  }
}

/** What is shown, as every request has it. */
export function shownFields(shown: ShownFactor): Readonly<Record<string, string | object>> {
  if ('credential' in shown) {
    return { challenge_id: shown.challengeId, credential: shown.credential }
  }
  return 'otp' in shown ? { otp: shown.otp } : { recovery_code: shown.recoveryCode }
}
