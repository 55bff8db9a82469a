import { AuthClientError, bodyOf, refusalDetails, tryLater } from './client-error.ts'
import { sendHere } from './send-here.ts'

/** What somebody chooses behind a link of a mail. */
export interface NewAccount {
  /** Of the link: what follows `#token=`. */
  readonly token: string
  /** Default: the address, or the name that the invitation gives. */
  readonly username?: string
  /** Must pass the policy of the server. */
  readonly password: string
  /**
   * Of the own fields of the application those that users may write; else `refused` with the reason
   * `fields_invalid`. Default: those that the server has as a default. A server without own fields refuses them.
   */
  readonly fields?: Readonly<Record<string, unknown>>
}

/**
 * What people do with accounts. Each exists if the server has switched it on; `refused` (404) if not.
 *
 * Every promise settles within 30 seconds.
 *
 * @throws {AuthClientError} from each: `refused`, whose `reason` is the code of the server, such as
 * `link_ended`, `username_taken` or `password_refused`; `throttled`; `unavailable`.
 */
export interface AccountRequests {
  /** Asks for a link to register with. The answer is the same for every address. */
  register(request: { readonly email: string; readonly proof?: string }): Promise<void>
  /** Makes the account of a link. Nobody is logged in by it. */
  completeRegistration(account: NewAccount): Promise<void>
  /** The same for the link of an invitation. */
  acceptInvitation(account: NewAccount): Promise<void>
  /** Asks for a link to set a new password with. The answer is the same for every one. */
  requestPasswordReset(
    request: { readonly email: string } | { readonly username: string },
  ): Promise<void>
  /** Sets the password. Every login of the user ends, and nobody is logged in by it. */
  completePasswordReset(reset: { readonly token: string; readonly password: string }): Promise<void>
  /** Puts an address back that was changed, by the link that it was sent. */
  restoreEmail(token: string): Promise<void>
  /** Asks for a code to a new address. Needs a login, as what follows does. */
  changeEmail(email: string): Promise<void>
  /** Sets the new address, by the code that it was sent. */
  confirmEmail(code: string): Promise<void>
  /** Asks for the code again. */
  resendEmailCode(): Promise<void>
  /** Removes the address. */
  removeEmail(): Promise<void>
  /** Asks for the end of the account. Returns when it comes, in seconds since 1970. */
  deleteAccount(): Promise<number>
}

type Send = typeof globalThis.fetch

/**
 * @param send Sends a request without a token.
 * @param sendAsUser Sends it with the token of the login.
 */
export function createAccountRequests(base: URL, send: Send, sendAsUser: Send): AccountRequests {
  async function ask(as: Send, method: string, path: string, body?: object): Promise<unknown> {
    try {
      const response = await sendHere(as, new URL(path, base), {
        method,
        ...(body && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      })
      if (!response.ok) throw await refusalOf(response)
      return response.status === 204 ? null : await response.json()
    } catch (error) {
      if (error instanceof AuthClientError) throw error
      throw new AuthClientError('unavailable', 'The server cannot be reached; try again.', {
        cause: error,
      })
    }
  }

  const post = async (path: string, body: object): Promise<void> =>
    void (await ask(send, 'POST', path, body))
  const asUser = async (method: string, path: string, body?: object): Promise<void> =>
    void (await ask(sendAsUser, method, path, body))

  return {
    register: (request) => post('auth/register', request),
    completeRegistration: (account) => post('auth/register/complete', account),
    acceptInvitation: (account) => post('auth/invitation/accept', account),
    requestPasswordReset: (request) => post('auth/password-reset', request),
    completePasswordReset: (reset) => post('auth/password-reset/complete', reset),
    restoreEmail: (token) => post('auth/email/restore', { token }),
    changeEmail: (email) => asUser('PUT', 'me/email', { email }),
    confirmEmail: (code) => asUser('POST', 'me/email/confirm', { code }),
    resendEmailCode: () => asUser('POST', 'me/email/verification'),
    removeEmail: () => asUser('DELETE', 'me/email'),
    async deleteAccount() {
      const { delete_at } = Object(await ask(sendAsUser, 'DELETE', 'me')) as { delete_at?: number }
      return delete_at ?? Math.floor(Date.now() / 1000)
    },
  }
}

async function refusalOf(response: Response): Promise<AuthClientError> {
  const { status } = response
  const body = await bodyOf(response)
  const details = refusalDetails(response, body)
  const later = tryLater(status, 'attempts', details)
  if (later !== null) return later
  const detail = typeof body.detail === 'string' ? body.detail : `The answer was ${status}.`
  return new AuthClientError('refused', detail, details)
}
