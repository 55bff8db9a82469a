import { createAccountRequests } from './account-requests.ts'
import type { AuthClient, ClientEvent } from './auth-client.ts'
import { AuthClientError } from './client-error.ts'
import {
  type ClientOptions,
  checkOptions,
  loginOptionNames,
  page,
  refuseUnknown,
} from './client-options.ts'
import { exclusively } from './exclusive.ts'
import { logInWithFactor, passkeyFields } from './second-factor.ts'
import { createStepUpDialog, readStepUp } from './step-up.ts'
import { createTokenRequests } from './token-requests.ts'
import { memoryStorage, type Tokens } from './token-storage.ts'

/** Seconds before its end from which on an access token is exchanged instead of sent. */
const refreshAhead = 10
/** Milliseconds within which a lost exchange is asked for again; the server's grace lasts longer. */
const retryWindow = 5_000

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

  /** Keeps the tokens of a login, unless a log-out has come meanwhile. */
  async function keepLogin(logIn: () => Promise<Tokens>): Promise<void> {
    const logoutsBefore = logouts
    const tokens = await logIn()
    if (logouts !== logoutsBefore) {
      await end(tokens)
      throw new AuthClientError('session_ended', 'The login was ended by a log-out; log in again.')
    }
    const before = storage.read()
    storage.write(tokens)
    tell({ type: 'login' })
    // Its successor works, whether or not the server hears that it is over.
    await end(before).catch(() => {})
  }

  /** The tokens of who is logged in, good for a request. */
  async function present(): Promise<Tokens> {
    const stored = storage.read()
    if (stored === null) throw notLoggedIn()
    return await fresh(stored)
  }

  const client: AuthClient = {
    ...createAccountRequests(base, send, (input, init) => client.fetch(input, init)),
    async login(username, password, options = {}) {
      refuseUnknown('login', options, loginOptionNames)
      await keepLogin(() =>
        logInWithFactor(
          () => requests.login({ grant_type: 'password', username, password }, options.scope),
          onSecondFactor,
          requests.showFactor,
          requests.challenge,
        ),
      )
    },

    async loginWithPasskey(shown, options = {}) {
      refuseUnknown('loginWithPasskey', options, loginOptionNames)
      await keepLogin(() => requests.login(passkeyFields(shown), options.scope))
    },

    async passkeyChallenge(purpose) {
      return await requests.challenge(
        purpose === 'login' ? undefined : (await present()).accessToken,
      )
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
      const { accessToken } = await present()
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
