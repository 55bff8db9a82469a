import { AuthClientError, refusalDetails } from './client-error.ts'
import { toThisServer, withoutRedirect } from './redirect.ts'
import { factorFields, readMfaRequired, type ShownFactor, shownFields } from './second-factor.ts'
import type { Tokens } from './token-storage.ts'

/** Milliseconds that a login, refresh or log-out may take: a server that hangs holds no lock for ever. */
const timeLimit = 30_000

/** What a step-up shows: the password, or the second factor of a user who has one. */
export type StepUpCredentials = string | ShownFactor

/** The OAuth endpoints of a server, spoken to as one client. */
export interface TokenRequests {
  /** The password grant (RFC 6749 §4.3). */
  login(username: string, password: string, scope: string | undefined): Promise<Tokens>
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
      const response = withoutRedirect(
        await fetch(new URL(path, base), {
          ...init,
          ...toThisServer,
          method: 'POST',
          signal: AbortSignal.timeout(timeLimit),
        }),
      )
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
    login: (username, password, scope) =>
      exchange({ grant_type: 'password', username, password, ...(scope && { scope }) }),
    refresh: (refreshToken) =>
      exchange({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    showFactor: (token, shown) => exchange(factorFields(token, shown)),
    async stepUp(accessToken, shown) {
      const headers = {
        authorization: `Bearer ${accessToken}`,
        'content-type': 'application/json',
      }
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

async function readTokens(response: Response): Promise<Tokens> {
  const body: Record<string, unknown> = Object(await response.json().catch(() => null))
  const { access_token, refresh_token, expires_in, scope } = body
  if (typeof access_token !== 'string' || typeof expires_in !== 'number') {
    throw new AuthClientError(
      'unavailable',
      'The server did not answer with a token; check its URL.',
      {
        status: response.status,
      },
    )
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

/** What it answers to a wrong one of a step-up: without a `code`. */
const wrongPassword = 'The password is not right.'

async function refusalOf(response: Response, grant: string | undefined): Promise<AuthClientError> {
  const { status } = response
  const body: Record<string, unknown> = Object(await response.json().catch(() => null))
  const details = refusalDetails(response, body)
  const mfa = readMfaRequired(body, details)
  if (mfa !== null) return mfa
  if (status === 429) {
    return new AuthClientError(
      'throttled',
      'Too many failed attempts; wait before the next.',
      details,
    )
  }
  if (status >= 500) {
    return new AuthClientError('unavailable', 'The server cannot answer now; try again.', details)
  }
  if (body.code === 'code_incorrect') {
    return new AuthClientError('invalid_credentials', 'Incorrect code.', details)
  }
  if (body.code === 'factor_needed') {
    return new AuthClientError('second_factor_needed', 'A second factor is needed.', details)
  }
  if (body.error === 'expired_token') {
    return new AuthClientError('session_ended', 'The login took too long; log in again.', details)
  }
  if (body.code === 'password_incorrect' || body.detail === wrongPassword) {
    return new AuthClientError('invalid_credentials', 'Incorrect password.', details)
  }
  if (status === 401 && grant === undefined && body.error === undefined) {
    return new AuthClientError('session_ended', 'The session has ended; log in again.', details)
  }
  const isLikeFastApi = body.error === undefined && body.detail === refusalLikeFastApi
  if (body.error === 'invalid_grant' || isLikeFastApi) {
    return grant === 'refresh_token'
      ? new AuthClientError('session_ended', 'The session has ended; log in again.', details)
      : new AuthClientError(
          'invalid_credentials',
          grant?.startsWith('urn:') ? 'Incorrect code.' : 'Incorrect username or password.',
          details,
        )
  }
  const reason =
    typeof body.detail === 'string' ? body.detail.replace(/\.$/, '') : `the answer was ${status}`
  return new AuthClientError('refused', `The server refused: ${reason}.`, details)
}
