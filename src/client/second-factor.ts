import { AuthClientError } from './client-error.ts'
import type { Tokens } from './token-storage.ts'

/** What a login asks for whose password was right. */
export interface SecondFactorRequest {
  /** What can be shown: `otp`, a code of an authenticator app, and `recovery-code`. */
  readonly kinds: readonly string[]
  /** True if what was shown before is not right. */
  readonly failed: boolean
}

/** What the user shows as a second factor. */
export type ShownFactor = { readonly otp: string } | { readonly recoveryCode: string }

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
  if (body.error !== 'mfa_required' || typeof body.mfa_token !== 'string') return null
  const { challenge, enroll } = Object(body.mfa_requirements) as Record<string, unknown>
  const reason = Array.isArray(challenge) || !Array.isArray(enroll) ? undefined : 'enroll'
  const says = reason
    ? 'This account needs a second factor: set one up first.'
    : 'A second factor is needed.'
  const options = { ...details, ...(reason && { reason }) }
  const error = new AuthClientError('second_factor_needed', says, options)
  if (Array.isArray(challenge)) {
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
): Promise<Tokens> {
  try {
    return await login()
  } catch (error) {
    const waiting = error instanceof AuthClientError ? pending.get(error) : undefined
    if (waiting === undefined || ask === undefined) throw error
    const { token, kinds } = waiting
    for (let failed = false; ; failed = true) {
      const shown = await ask({ kinds, failed })
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
  const kind = 'otp' in shown ? 'otp' : 'recovery-code'
  const grant = `urn:portcullis:grant-type:mfa-${kind}`
  return { grant_type: grant, mfa_token: token, ...shownFields(shown) }
}

/** What is shown, as every request has it. */
export function shownFields(shown: ShownFactor): Readonly<Record<string, string>> {
  return 'otp' in shown ? { otp: shown.otp } : { recovery_code: shown.recoveryCode }
}
