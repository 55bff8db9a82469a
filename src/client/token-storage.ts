/** The tokens of a login. */
export interface Tokens {
  /** The signed JWT that requests carry. */
  readonly accessToken: string
  /** Absent for an inactive user. */
  readonly refreshToken?: string
  /** When the access token expires by this machine's clock. Seconds since 1970. */
  readonly expiresAt: number
  /** What the login was granted. */
  readonly scope: string
}

/** Where the tokens of a login are kept. */
export interface TokenStorage {
  /** The tokens, or null when nobody is logged in. Called for every request: keep it cheap. */
  read(): Tokens | null
  /** Keeps the tokens; null forgets them. */
  write(tokens: Tokens | null): void
  /** The name of the lock under which tokens are exchanged: one for all who share the storage. */
  readonly lock?: string
  /** Calls the listener when others who share the storage have written. Returns what ends that. */
  subscribe?(listener: () => void): () => void
}

/**
 * Keeps tokens in a variable: gone with the page, and out of reach of every other script but those
 * that run in it. The default.
 */
export function memoryStorage(): TokenStorage {
  let kept: Tokens | null = null
  return {
    read: () => kept,
    write(tokens) {
      kept = tokens
    },
  }
}

/**
 * Keeps tokens in `localStorage` (one login for all tabs, until log-out) or `sessionStorage` (one tab,
 * until it is closed). A script that gets into the page can read them and use the refresh token
 * elsewhere. With `memoryStorage` the script must stay in the page.
 *
 * Throws nothing when the storage is full or switched off: tokens then live as long as the page.
 */
export function webStorage(storage: Storage, key = 'portcullis'): TokenStorage {
  // What the storage would not take. It wins over what is stored, until a write succeeds.
  let unstored: { readonly tokens: Tokens | null } | undefined
  return {
    lock: `portcullis ${key}`,
    read() {
      if (unstored) return unstored.tokens
      try {
        return parse(storage.getItem(key))
      } catch {
        return null
      }
    },
    write(tokens) {
      try {
        if (tokens === null) storage.removeItem(key)
        else storage.setItem(key, JSON.stringify(tokens))
        unstored = undefined
      } catch {
        unstored = { tokens }
      }
    },
    subscribe(listener) {
      if (typeof addEventListener !== 'function') return () => {}
      const onStorage = (event: StorageEvent): void => {
        // A null key: the whole storage was cleared.
        const ours = event.key === key || event.key === null
        if (event.storageArea === storage && ours) listener()
      }
      addEventListener('storage', onStorage)
      return () => removeEventListener('storage', onStorage)
    },
  }
}

// Any script of the origin can write there. A value in another form is no login.
function parse(text: string | null): Tokens | null {
  if (text === null) return null
  const { accessToken, refreshToken, expiresAt, scope }: Record<string, unknown> = Object(
    JSON.parse(text),
  )
  if (typeof accessToken !== 'string' || typeof expiresAt !== 'number') return null
  if (typeof scope !== 'string') return null
  if (refreshToken !== undefined && typeof refreshToken !== 'string') return null
  return { accessToken, expiresAt, scope, ...(refreshToken !== undefined && { refreshToken }) }
}
