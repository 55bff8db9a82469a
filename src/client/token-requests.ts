import {
  AuthClientError,
  type AuthClientErrorCode,
  bodyOf,
  refusalDetails,
  tryLater,
} from './client-error.ts'
import {
  factorFields,
  grants,
  type PasskeyChallenge,
  readMfaRequired,
  type ShownFactor,
  shownFields,
} from './second-factor.ts'
import { sendHere, timeLimit } from './send-here.ts'
import type { Tokens } from './token-storage.ts'

/** What a step-up shows: the password, or the second factor of a user who has one. */
export type StepUpCredentials = string | ShownFactor

/** The OAuth endpoints of a server, spoken to as one client. */
export interface TokenRequests {
  /** @param shown The fields of a grant: `password` (RFC 6749 §4.3), or that of a passkey alone. */
  login(shown: Readonly<Record<string, string>>, scope: string | undefined): Promise<Tokens>
  /** What the browser is asked with. @param bearer For whom. Default: for anybody. */
  challenge(bearer?: string): Promise<PasskeyChallenge>
  /** RFC 6749 §6. */
  refresh(refreshToken: string): Promise<Tokens>
  /** The password once more, for an access token that says so. */
  stepUp(
    accessToken: string,
    shown: StepUpCredentials,
  ): Promise<Pick<Tokens, 'accessToken' | 'expiresAt'>>
  /** The second request of a login that needs a second factor. */
  showFactor(token: string, shown: ShownFactor): Promise<Tokens>
  /** RFC 7009. */
  revoke(token: string): Promise<void>
}

/** @throws {AuthClientError} from each request; see `AuthClientErrorCode`. */
export function createTokenRequests(
  base: URL,
  clientId: string | undefined,
  fetch: typeof globalThis.fetch,
): TokenRequests {
  async function send(path: string, fields: Readonly<Record<string, string>>): Promise<Response> {
    const form = new URLSearchParams(fields)
    if (clientId !== undefined) form.set('client_id', clientId)
    return await post(path, { body: form }, fields.grant_type)
  }

  async function post(path: string, init: RequestInit, grant?: string): Promise<Response> {
    try {
      const response = await sendHere(fetch, new URL(path, base), { ...init, method: 'POST' })
      if (response.ok) return response
      throw await refusalOf(response, grant)
    } catch (error) {
      if (error instanceof AuthClientError) throw error
      throw new AuthClientError('unavailable', reasonOf(error), { cause: error })
    }
  }

  const exchange = async (fields: Readonly<Record<string, string>>): Promise<Tokens> =>
    readTokens(await send('auth/token', fields))

  return {
    login: (shown, scope) => exchange({ ...shown, ...(scope && { scope }) }),
    async challenge(bearer) {
      const headers = bearerOf(bearer)
      const answer = await post('auth/passkeys/challenge', { headers })
      const { challenge_id: challengeId, public_key: publicKey } = await bodyOf(answer)
      if (typeof challengeId !== 'string') throw notTheServer(answer)
      return { challengeId, publicKey: publicKey as PasskeyChallenge['publicKey'] }
    },
    refresh: (refreshToken) =>
      exchange({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    showFactor: (token, shown) => exchange(factorFields(token, shown)),
    async stepUp(accessToken, shown) {
      const headers = { ...bearerOf(accessToken), 'content-type': 'application/json' }
      const body = JSON.stringify(
        typeof shown === 'string' ? { password: shown } : shownFields(shown),
      )
      const tokens = await readTokens(await post('auth/step-up', { headers, body }))
      return { accessToken: tokens.accessToken, expiresAt: tokens.expiresAt }
    },
    async revoke(token) {
      await send('auth/revoke', { token })
    },
  }
}

/** Why there was no answer, as far as a page can know. A page cannot know whether CORS was the cause. */
function reasonOf(error: unknown): string {
  const timedOut = error instanceof DOMException && error.name === 'TimeoutError'
  return timedOut
    ? `The server did not answer within ${timeLimit / 1000} seconds; try again.`
    : 'The server cannot be reached, or does not let pages of this origin call it (CORS); check its URL, and its CORS_ORIGINS.'
}

const bearerOf = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` }

const notTheServer = ({ status }: Response): AuthClientError =>
  new AuthClientError('unavailable', 'The server did not answer with a token; check its URL.', {
    status,
  })

async function readTokens(response: Response): Promise<Tokens> {
  const { access_token, refresh_token, expires_in, scope } = await bodyOf(response)
  if (typeof access_token !== 'string' || typeof expires_in !== 'number') {
    throw notTheServer(response)
  }
  return {
    accessToken: access_token,
    expiresAt: Math.floor(Date.now() / 1000) + expires_in,
    scope: typeof scope === 'string' ? scope : '',
    ...(typeof refresh_token === 'string' && { refreshToken: refresh_token }),
  }
}

/** What a server that is like FastAPI answers to a wrong password: without an `error`. */
const refusalLikeFastApi = 'Incorrect username or password'

const sessionEnded: readonly [AuthClientErrorCode, string] = [
  'session_ended',
  'The session has ended; log in again.',
]

/** The codes of a step-up that showed something wrong. The sentence of the answer is for people. */
const wrongCode = /^(code|password)_incorrect$|^passkey_refused$/

async function refusalOf(response: Response, grant: string | undefined): Promise<AuthClientError> {
  const { status } = response
  const body = await bodyOf(response)
  const details = refusalDetails(response, body)
  const mfa = readMfaRequired(body, details)
  if (mfa !== null) return mfa
  const later = tryLater(status, 'failed attempts', details)
  if (later !== null) return later
  const says =
    typeof body.detail === 'string' ? body.detail.replace(/\.$/, '') : `the answer was ${status}`
  if (wrongCode.test(String(body.code))) {
    return new AuthClientError('invalid_credentials', `${says}.`, details)
  }
  if (body.code === 'factor_needed') {
    return new AuthClientError('second_factor_needed', `${says}.`, details)
  }
  if (body.error === 'expired_token') {
    return new AuthClientError('session_ended', 'The login took too long; log in again.', details)
  }
  if (status === 401 && grant === undefined && body.error === undefined) {
    return new AuthClientError(...sessionEnded, details)
  }
  const isLikeFastApi = body.error === undefined && body.detail === refusalLikeFastApi
  if (body.error === 'invalid_grant' || isLikeFastApi) {
    return grant === 'refresh_token'
      ? new AuthClientError(...sessionEnded, details)
      : new AuthClientError(
          'invalid_credentials',
          grant?.startsWith(grants) ? `${says}.` : 'Incorrect username or password.',
          details,
        )
  }
  return new AuthClientError('refused', `The server refused: ${says}.`, details)
}
