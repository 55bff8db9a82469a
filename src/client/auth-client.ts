import type { AccountRequests } from './account-requests.ts'
import type { LoginOptions } from './client-options.ts'
import type { PasskeyChallenge, ShownPasskey } from './second-factor.ts'
import type { StepUpCredentials } from './token-requests.ts'

/** What happened to the login of a client. */
export type ClientEvent =
  | { readonly type: 'login' }
  /** New tokens were fetched. */
  | { readonly type: 'refresh' }
  /**
   * Nobody is logged in any more: it was asked for here (`asked`), the server ended the session
   * (`ended`), or another tab logged out (`elsewhere`).
   */
  | { readonly type: 'logout'; readonly reason: 'asked' | 'ended' | 'elsewhere' }

/**
 * A login at a Portcullis server, kept fresh.
 *
 * Every promise settles. A request to the token or revocation endpoint has 30 seconds; `login` makes
 * two at most. An exchange has 35 seconds with its second try, and waits at most 40 for another tab.
 * What `fetch` is asked to send has the time that its own `signal` allows, as on the platform.
 */
export interface AuthClient extends AccountRequests {
  /**
   * Logs in, and ends the previous session if there is one.
   *
   * @throws {TypeError} (rejects) for an option that is not known.
   * @throws {AuthClientError} `invalid_credentials`, `second_factor_needed`, `throttled`, `unavailable` or `refused`; then who
   * was logged in still is. So it is with `session_ended` if the second factor took too long or too many tries.
   * `session_ended` too if `logout` was called meanwhile.
   */
  login(username: string, password: string, options?: LoginOptions): Promise<void>
  /**
   * Logs in with a passkey that verifies its user, in place of username and password. What it was asked with comes
   * from `passkeyChallenge('login')`.
   *
   * @throws {AuthClientError} as `login`; `second_factor_needed` for a passkey that has not verified its user.
   */
  loginWithPasskey(shown: ShownPasskey, options?: LoginOptions): Promise<void>
  /**
   * What the browser is asked with for a passkey: of anybody, for `loginWithPasskey`, or of the user who is logged in,
   * for `stepUp`.
   *
   * @throws {AuthClientError} `refused` (404) if the server has no passkeys, or `unavailable`. `session_ended` if
   * nobody is logged in.
   */
  passkeyChallenge(purpose: 'login' | 'step-up'): Promise<PasskeyChallenge>
  /**
   * Forgets the tokens before it returns, then ends the session on the server.
   *
   * @throws {AuthClientError} `unavailable`: the tokens are forgotten, but the session stays open.
   */
  logout(): Promise<void>
  /**
   * Shows the password again, or `{ otp }`, `{ recoveryCode }` or `{ challengeId, credential }` of a user with a second
   * factor. The session gets an access token that says so.
   *
   * @throws {AuthClientError} `invalid_credentials`, `throttled`, `unavailable` or `refused`; then the tokens
   * are as before. `session_ended` if nobody is logged in.
   */
  stepUp(shown: StepUpCredentials): Promise<void>
  /**
   * The platform's `fetch` with the access token, for URLs of the server and of `origins` only; to
   * others the request goes without. A token about to expire is exchanged first. After a 401 the token
   * is exchanged and the request is sent once more. One exchange serves all requests, and all tabs that
   * share the storage. When the session has ended, the answer is the server's 401.
   *
   * A relative URL is resolved against the `url` of the client, as the platform resolves links. `me`
   * stays below its path, and `/me` begins at its origin.
   *
   * @throws {AuthClientError} `unavailable` or `throttled` when the exchange was not answered.
   * @throws the reason of the request's `signal`, also while it waits for an exchange.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Whether there are tokens. Does not ask the server whether they are still valid. */
  isLoggedIn(): boolean
  /** What the login may do; empty when nobody is logged in. */
  scopes(): readonly string[]
  /** Calls the listener with every event from now on. Returns what ends that. */
  subscribe(listener: (event: ClientEvent) => void): () => void
  /** Stops listening to other tabs. */
  close(): void
}
