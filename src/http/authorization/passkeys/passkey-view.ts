import type { PasskeyChallenge } from '../../../core/factors/passkeys/passkey-calls.ts'
import type { PasskeyLogins } from '../../../core/factors/passkeys/passkey-logins.ts'
import type { PasskeyAsk } from '../../../pages/passkey-part.ts'
import type { LoginTexts } from '../../../pages/texts/login-texts.ts'
import type { Flow } from '../flow.ts'
import { passkeyScriptPath } from './passkey-file.ts'

/** What a login page asks with: anybody may show a passkey. */
export function askToLogIn(flow: Flow, passkeys: PasskeyLogins, texts: LoginTexts): PasskeyAsk {
  return { ...askForPasskey(flow, texts, passkeys.challenge()), renew: flow.paths.passkey }
}

/** What a page asks a user with who is known: to show a passkey. */
export function askForPasskey(
  flow: Flow,
  texts: LoginTexts,
  challenge: PasskeyChallenge<object>,
): PasskeyAsk {
  return { ...askOf(flow, texts, challenge, texts.passkey.failed), kind: 'get' }
}

/** The same, to make one. */
export function askToMakePasskey(
  flow: Flow,
  texts: LoginTexts,
  challenge: PasskeyChallenge<object>,
): PasskeyAsk {
  return { ...askOf(flow, texts, challenge, texts.passkey.notMade), kind: 'create' }
}

function askOf(
  flow: Flow,
  { passkey }: LoginTexts,
  { challengeId, publicKey }: PasskeyChallenge<object>,
  failed: string,
): Omit<PasskeyAsk, 'kind'> {
  const elsewhere = passkey.elsewhere(new URL(flow.auth.issuer).origin)
  return {
    ...{ challengeId, publicKey, script: passkeyScriptPath(flow) },
    says: { failed, known: passkey.known, elsewhere },
  }
}
