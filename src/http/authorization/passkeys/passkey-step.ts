import type { PendingLogin } from '../../../core/factors/mfa-tokens.ts'
import type { PasskeyLogins } from '../../../core/factors/passkeys/passkey-logins.ts'
import type { SecondFactor } from '../../../core/factors/second-factor.ts'
import { internals } from '../../../core/internals.ts'
import type { FactorProof } from '../../../core/tokens/authentication.ts'
import type { UserRecord } from '../../../core/users/user-store.ts'
import type { PasskeyAsk } from '../../../pages/passkey-part.ts'
import type { LoginTexts } from '../../../pages/texts/login-texts.ts'
import type { EndpointRequest } from '../../mounted-endpoint.ts'
import type { Flow } from '../flow.ts'
import type { FlowForm } from '../flow-form.ts'
import { readCredential } from './passkey-attempt.ts'
import { askForPasskey, askToMakePasskey } from './passkey-view.ts'

/** What the page after the password offers. */
export interface PasskeyChoice {
  /** Null for a user who has no passkey to show. */
  readonly passkey: PasskeyAsk | null
  /** Whether the user has an app. */
  readonly hasApp: boolean
}

/** What a code or a passkey has shown. */
export interface ShownInStep {
  /** As the user is after it; null if there is none any more. */
  readonly user: UserRecord | null
  readonly recoveryCodes: readonly string[] | null
  readonly proof: FactorProof
}

/** What a login that waits for a second factor offers besides a code. */
export async function passkeyChoice(
  flow: Flow,
  passkeys: PasskeyLogins,
  login: PendingLogin,
  texts: LoginTexts,
): Promise<PasskeyChoice> {
  if (login.purpose === 'browser enroll') {
    const challenge = await passkeys.beginWithin(login)
    return { passkey: askToMakePasskey(flow, texts, challenge), hasApp: false }
  }
  const { userId: id } = login
  const kinds = await (flow.auth[internals].second as SecondFactor).kindsOf({ id })
  const challenge = kinds.has('passkey') ? await passkeys.challengeOf(id, { login }) : null
  return {
    passkey: challenge && askForPasskey(flow, texts, challenge),
    hasApp: kinds.has('totp'),
  }
}

/** Takes a passkey in place of a code. Null if it is not right. Rejects with what core refuses. */
export async function takePasskey(
  { auth }: Flow,
  { address, header, requestId }: EndpointRequest,
  login: PendingLogin,
  user: UserRecord,
  form: FlowForm,
): Promise<ShownInStep | null> {
  const second = auth[internals].second as SecondFactor
  const from = { address, requestId, userAgent: header('user-agent') }
  const challengeId = form.get('challenge_id') ?? ''
  const passkey = { challengeId, credential: readCredential(form.get('credential') ?? '') }
  if (login.purpose === 'browser challenge') {
    const attempt = { purpose: 'login', login, ...from } as const
    const proved = await second.verify(user, { passkey }, attempt)
    return proved && { user, recoveryCodes: null, proof: proved.proof }
  }
  const enrolment = { userId: user.id, login, ...passkey, ...from }
  const added = await second.passkeys?.addWithin(enrolment)
  if (added === undefined) return null
  const { recoveryCodes, proof } = added
  // The first factor has renewed the stamp.
  return { user: await auth[internals].store.users.findById(user.id), recoveryCodes, proof }
}
