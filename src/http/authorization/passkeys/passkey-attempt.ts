import type { BrowserSession } from '../../../core/authorization/authorization.ts'
import type { PasskeyLogins } from '../../../core/factors/passkeys/passkey-logins.ts'
import type { LoginTexts } from '../../../pages/texts/login-texts.ts'
import type { EndpointRequest } from '../../mounted-endpoint.ts'
import type { Flow } from '../flow.ts'
import { type LoginOutcome, openSession, tryLater } from '../login-attempt.ts'

/** What the script of a login page has sent. */
export interface SentPasskey {
  readonly challengeId: string
  /** JSON. */
  readonly credential: string
  /** The client that the login is for. */
  readonly clientId: string
}

/**
 * Logs in with a passkey that has verified its user: two factors at once. One that has not is a second factor alone.
 *
 * @param browser The session that the browser has already.
 */
export async function logInWithPasskey(
  flow: Flow,
  request: EndpointRequest,
  { challengeId, credential, clientId }: SentPasskey,
  browser: BrowserSession | null,
): Promise<LoginOutcome> {
  const { address, header, requestId } = request
  const from = { address, userAgent: header('user-agent'), requestId, clientId }
  const shown = { challengeId, credential: readCredential(credential) }
  // The form was taken, so they are on.
  const passkeys = flow.passkeys as PasskeyLogins
  try {
    const login = await passkeys.logIn(shown, from)
    if (login.kind === 'one factor') return failed(({ problems }) => problems.passkeyOneFactor)
    if (login.kind === 'refused') return refused
    const { user, authentication } = login
    const opened = await openSession(flow, request, user, authentication, browser)
    return opened === null ? refused : { kind: 'opened', opened }
  } catch (error) {
    return tryLater(error)
  }
}

/** What is in the field that the script has filled in; null for what is no JSON. Core judges the rest. */
export function readCredential(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function failed(problem: (texts: LoginTexts) => string): LoginOutcome {
  return { kind: 'failed', status: 400, problem }
}

const refused = failed(({ problems }) => problems.passkeyRefused)
