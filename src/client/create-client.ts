import { AuthClientError } from './client-error.ts'
import { createExclusive } from './exclusive.ts'
import { createTokenRequests } from './token-requests.ts'
import { memoryStorage, type TokenStorage, type Tokens } from './token-storage.ts'

/** Seconds before its end from which on an access token is exchanged instead of sent. */
const refreshAhead = 10

/** What `createClient` takes. */
export interface ClientOptions {
  /** The URL of the server, with the path that it is mounted at, if any. */
  readonly url: string | URL
  /** Where the tokens are kept. Default `memoryStorage()`. */
  readonly storage?: TokenStorage
  /** A registered public client. Default: none is named, as the first-party client. */
  readonly clientId?: string
  /** More origins whose requests get the token, such as `https://api.example.com`. Default none. */
  readonly origins?: readonly string[]
  /** What sends requests. Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch
}

/** What `login` takes besides username and password. */
export interface LoginOptions {
  /** Permissions to ask for, with spaces between. Default: all that the role grants. */
  readonly scope?: string
}

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

/** A login at a Portcullis server, kept fresh. */
export interface AuthClient {
  /**
   * Logs in, and ends the session of before, if any.
   *
   * @throws {AuthClientError} `invalid_credentials`, `throttled`, `unavailable` or `refused`; then who
   * was logged in still is.
   */
  login(username: string, password: string, options?: LoginOptions): Promise<void>
  /**
   * Forgets the tokens, then ends the session on the server.
   *
   * @throws {AuthClientError} `unavailable`: the tokens are forgotten, but the session goes on.
   */
  logout(): Promise<void>
  /**
   * The platform's `fetch` with the access token, for URLs of the server and of `origins` only; to
   * others the request goes without. A token about to expire is exchanged first, and one that is
   * refused with 401 is exchanged and the request sent once more: by one exchange for all requests,
   * and all tabs that share the storage. When the session has ended, the answer is the server's 401.
   *
   * A relative URL is relative to the server.
   *
   * @throws {AuthClientError} `unavailable` or `throttled` when the exchange was not answered.
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

/** Returns a client of a Portcullis server, for browsers and Node. */
export function createClient(options: ClientOptions): AuthClient {
  const {
    storage = memoryStorage(),
    clientId,
    fetch: send = globalThis.fetch.bind(globalThis),
  } = options
  const base = new URL(options.url, globalThis.location?.href)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  const origins = new Set([base, ...(options.origins ?? [])].map((url) => new URL(url).origin))
  const requests = createTokenRequests(base, clientId, send)
  const exclusively = createExclusive(storage.lock)
  const listeners = new Set<(event: ClientEvent) => void>()
  let loggedIn = storage.read() !== null

  function tell(event: ClientEvent): void {
    loggedIn = event.type !== 'logout'
    for (const listener of listeners) listener(event)
  }

  const unsubscribe = storage.subscribe?.(() => {
    const now = storage.read() !== null
    if (now !== loggedIn) tell(now ? { type: 'login' } : { type: 'logout', reason: 'elsewhere' })
  })

  /** Exchanges the tokens, unless somebody else has: then theirs. Null when the session has ended. */
  function refresh(used: Tokens): Promise<Tokens | null> {
    return exclusively(async () => {
      const present = storage.read()
      if (present?.accessToken !== used.accessToken) return present
      if (present.refreshToken === undefined) return null
      try {
        const next = await refreshOnce(present.refreshToken)
        storage.write(next)
        tell({ type: 'refresh' })
        return next
      } catch (error) {
        if (!(error instanceof AuthClientError) || error.code !== 'session_ended') throw error
        storage.write(null)
        tell({ type: 'logout', reason: 'ended' })
        return null
      }
    })
  }

  // Once more at once, should the answer have been lost: for a moment the server gives the same
  // successor again, but a token shown later than that ends the session.
  async function refreshOnce(refreshToken: string): Promise<Tokens> {
    try {
      return await requests.refresh(refreshToken)
    } catch (error) {
      const lost = error instanceof AuthClientError && error.status === undefined
      if (!lost) throw error
      return await requests.refresh(refreshToken)
    }
  }

  async function end(tokens: Tokens | null): Promise<void> {
    if (tokens !== null) await requests.revoke(tokens.refreshToken ?? tokens.accessToken)
  }

  return {
    async login(username, password, { scope } = {}) {
      const before = await exclusively(async () => {
        const tokens = await requests.login(username, password, scope)
        const replaced = storage.read()
        storage.write(tokens)
        return replaced
      })
      tell({ type: 'login' })
      // Its successor works, whether or not the server hears that it is over.
      await end(before).catch(() => {})
    },

    async logout() {
      const before = await exclusively(async () => {
        const tokens = storage.read()
        storage.write(null)
        return tokens
      })
      if (before !== null) tell({ type: 'logout', reason: 'asked' })
      await end(before)
    },

    async fetch(input, init) {
      const request = new Request(input instanceof Request ? input : new URL(input, base), init)
      const ours = origins.has(new URL(request.url).origin)
      let tokens = ours ? storage.read() : null
      if (tokens === null || request.headers.has('authorization')) return await send(request)

      if (tokens.expiresAt - refreshAhead <= Date.now() / 1000) {
        tokens = (await refresh(tokens)) ?? tokens
      }
      const spare = request.clone()
      const response = await send(authorized(request, tokens))
      if (response.status !== 401) {
        void spare.body?.cancel()
        return response
      }
      const fresh = await refresh(tokens)
      if (fresh === null) {
        void spare.body?.cancel()
        return response
      }
      void response.body?.cancel()
      return await send(authorized(spare, fresh))
    },

    isLoggedIn: () => storage.read() !== null,
    scopes: () => storage.read()?.scope.split(' ').filter(Boolean) ?? [],
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => unsubscribe?.(),
  }
}

function authorized(request: Request, { accessToken }: Tokens): Request {
  request.headers.set('authorization', `Bearer ${accessToken}`)
  return request
}
