import { type AccountRequests, createAccountRequests } from './account-requests.ts'
import { AuthClientError } from './client-error.ts'
import {
  type ClientOptions,
  checkOptions,
  type LoginOptions,
  loginOptionNames,
  page,
  refuseUnknown,
} from './client-options.ts'
import { exclusively } from './exclusive.ts'
import { logInWithFactor } from './second-factor.ts'
import { createStepUpDialog, readStepUp } from './step-up.ts'
import { createTokenRequests, type StepUpCredentials } from './token-requests.ts'
import { memoryStorage, type Tokens } from './token-storage.ts'

/** Seconds before its end from which on an access token is exchanged instead of sent. */
const refreshAhead = 10
/** Milliseconds within which a lost exchange is asked for again; the server's grace lasts longer. */
const retryWindow = 5_000

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
   * Forgets the tokens before it returns, then ends the session on the server.
   *
   * @throws {AuthClientError} `unavailable`: the tokens are forgotten, but the session stays open.
   */
  logout(): Promise<void>
  /**
   * Shows the password again, or `{ otp }` or `{ recoveryCode }` of a user with a second factor. The session gets
   * an access token that says so.
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

/**
 * Returns a client of a Portcullis server, for browsers and Node.
 *
 * @throws {TypeError} for an option that is not known, or cannot be used.
 */
export function createClient(options: ClientOptions): AuthClient {
  checkOptions(options)
  const {
    storage = memoryStorage(),
    clientId,
    fetch: send = globalThis.fetch.bind(globalThis),
    onStepUp,
    onSecondFactor,
  } = options
  const base = new URL(options.url, page())
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  const origins = new Set([base, ...(options.origins ?? [])].map((url) => new URL(url).origin))
  const requests = createTokenRequests(base, clientId, send)
  const askToStepUp = onStepUp && createStepUpDialog(onStepUp)
  const listeners = new Set<(event: ClientEvent) => void>()
  let loggedIn = storage.read() !== null
  let logouts = 0
  /** The exchange under way: all requests that carried its token share its outcome. */
  let exchange: { readonly accessToken: string; readonly outcome: Promise<Tokens | null> } | null =
    null

  function tell(event: ClientEvent): void {
    loggedIn = event.type !== 'logout'
    for (const listener of listeners) listener(event)
  }

  const unsubscribe = storage.subscribe?.(() => {
    const now = storage.read() !== null
    if (now !== loggedIn) tell(now ? { type: 'login' } : { type: 'logout', reason: 'elsewhere' })
  })

  /** Exchanges the tokens, or returns those that another tab got. Null when the session has ended. */
  function refresh({ accessToken }: Tokens): Promise<Tokens | null> {
    if (exchange?.accessToken === accessToken) return exchange.outcome
    const outcome = exclusively(storage.lock, () => refreshStored(accessToken)).finally(() => {
      if (exchange?.outcome === outcome) exchange = null
    })
    exchange = { accessToken, outcome }
    return outcome
  }

  async function refreshStored(accessToken: string): Promise<Tokens | null> {
    const present = storage.read()
    if (present?.accessToken !== accessToken) return present
    if (present.refreshToken === undefined) return null
    const next = await refreshOnce(present.refreshToken).catch((error: unknown) => {
      if (error instanceof AuthClientError && error.code === 'session_ended') return null
      throw error
    })
    // A log-out or another login has come meanwhile, and holds.
    const now = storage.read()
    if (now?.accessToken !== accessToken) return now
    storage.write(next)
    tell(next === null ? { type: 'logout', reason: 'ended' } : { type: 'refresh' })
    return next
  }

  // Once more at once, should the answer have been lost: for a moment the server gives the same
  // successor again, but a token shown later than that ends the session.
  async function refreshOnce(refreshToken: string): Promise<Tokens> {
    const begun = Date.now()
    try {
      return await requests.refresh(refreshToken)
    } catch (error) {
      const lost = error instanceof AuthClientError && error.status === undefined
      if (!lost || Date.now() - begun > retryWindow) throw error
      return await requests.refresh(refreshToken)
    }
  }

  /** The tokens, exchanged if they are about to expire. */
  async function fresh(tokens: Tokens, signal?: AbortSignal): Promise<Tokens> {
    if (tokens.expiresAt - refreshAhead > Date.now() / 1000) return tokens
    const next = refresh(tokens)
    return (await (signal ? beforeAbort(signal, next) : next)) ?? tokens
  }

  /** Keeps the new access token beside the refresh token of now, which another tab may have exchanged. */
  async function keepSteppedUp(next: Pick<Tokens, 'accessToken' | 'expiresAt'>): Promise<void> {
    await exclusively(storage.lock, async () => {
      const present = storage.read()
      if (present === null) throw notLoggedIn()
      storage.write({ ...present, ...next })
    })
    tell({ type: 'refresh' })
  }

  /**
   * The answer to a request that is sent with the tokens, and once more with exchanged ones after a 401.
   * Returns the tokens that it was sent with last.
   */
  async function sendRefreshing(request: Request, tokens: Tokens): Promise<[Response, Tokens]> {
    const spare = request.clone()
    const response = await send(authorized(request, tokens))
    const next =
      response.status === 401 && readStepUp(response) === null
        ? await beforeAbort(spare.signal, refresh(tokens))
        : null
    if (next === null) {
      void spare.body?.cancel()
      return [response, tokens]
    }
    void response.body?.cancel()
    return [await send(authorized(spare, next)), next]
  }

  async function end(tokens: Tokens | null): Promise<void> {
    if (tokens !== null) await requests.revoke(tokens.refreshToken ?? tokens.accessToken)
  }

  const client: AuthClient = {
    ...createAccountRequests(base, send, (input, init) => client.fetch(input, init)),
    async login(username, password, options = {}) {
      refuseUnknown('login', options, loginOptionNames)
      const { scope } = options
      const logoutsBefore = logouts
      const tokens = await logInWithFactor(
        () => requests.login(username, password, scope),
        onSecondFactor,
        requests.showFactor,
      )
      if (logouts !== logoutsBefore) {
        await end(tokens)
        throw new AuthClientError(
          'session_ended',
          'The login was ended by a log-out; log in again.',
        )
      }
      const before = storage.read()
      storage.write(tokens)
      tell({ type: 'login' })
      // Its successor works, whether or not the server hears that it is over.
      await end(before).catch(() => {})
    },

    async logout() {
      logouts += 1
      const before = storage.read()
      storage.write(null)
      if (before !== null) tell({ type: 'logout', reason: 'asked' })
      await end(before)
    },

    async fetch(input, init) {
      const request = new Request(input instanceof Request ? input : new URL(input, base), init)
      const ours = origins.has(new URL(request.url).origin)
      const stored = ours ? storage.read() : null
      if (stored === null || request.headers.has('authorization')) return await send(request)

      const tokens = await fresh(stored, request.signal)
      if (askToStepUp === undefined) return (await sendRefreshing(request, tokens))[0]
      const spare = request.clone()
      const [response, sentWith] = await sendRefreshing(request, tokens)
      const needed = readStepUp(response)
      if (needed !== null) await beforeAbort(spare.signal, askToStepUp(needed))
      const now = storage.read()
      if (needed === null || now === null || now.accessToken === sentWith.accessToken) {
        void spare.body?.cancel()
        return response
      }
      void response.body?.cancel()
      return await send(authorized(spare, now))
    },

    async stepUp(shown) {
      const stored = storage.read()
      if (stored === null) throw notLoggedIn()
      const { accessToken } = await fresh(stored)
      await keepSteppedUp(await requests.stepUp(accessToken, shown))
    },

    isLoggedIn: () => storage.read() !== null,
    scopes: () => storage.read()?.scope.split(' ').filter(Boolean) ?? [],
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => unsubscribe?.(),
  }
  return client
}

const notLoggedIn = (): AuthClientError =>
  new AuthClientError('session_ended', 'Nobody is logged in; log in first.')

function authorized(request: Request, { accessToken }: Tokens): Request {
  request.headers.set('authorization', `Bearer ${accessToken}`)
  return request
}

/** The outcome, unless the signal comes first: then its reason. */
function beforeAbort<T>(signal: AbortSignal, outcome: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    outcome.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
