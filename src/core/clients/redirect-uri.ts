import type { ClientRecord } from './client-store.ts'

/** Characters. */
const maxLength = 2000

/** What is in the query of a response already, or may come to be (RFC 6749 §4.1.2, RFC 9207 §2). */
const responseParameters = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri']

/** The hosts of this machine that http may be used with (RFC 8252 §7.3, §8.3). */
const loopbackHosts = ['127.0.0.1', '[::1]', 'localhost']

// Of reverse domain names: a name without a dot may be another program's (RFC 8252 §7.1).
const privateUseScheme = /^[a-z][a-z\d+-]*(\.[a-z\d+-]+)+:$/

/** One that is reached on any port: what is before the port, the port, and what is behind it. */
const loopbackUri = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::([1-9]\d{0,4}))?([/?].*|)$/

/**
 * The reason why a text cannot be registered as a redirect URI, as the end of a sentence; null if it can.
 *
 * A text must be written as a browser writes it, so that what is registered is where a browser goes: no upper
 * case in the host, no `..`, no port that the scheme has by itself, no other spelling of an address.
 */
export function redirectUriProblem(uri: unknown): string | null {
  if (typeof uri !== 'string' || !/^[\x21-\x7e]+$/.test(uri) || uri.length > maxLength) {
    return `must be a URI of at most ${maxLength} printable ASCII characters`
  }
  const url = URL.parse(uri)
  if (url === null) return 'must be an absolute URI, such as https://app.example.com/callback'
  if (/^(javascript|data):$/.test(url.protocol)) return 'must not be a script or data'
  if (uri.includes('*')) return 'must not have a wildcard: name every URI'
  if (uri.includes('#')) return 'must not have a fragment'
  if (hasUserinfo(uri, url)) return 'must not have a username or a password'
  if (url.protocol === 'http:' && !loopbackHosts.includes(url.hostname)) {
    return `must be https: http is for ${loopbackHosts.join(', ')} alone`
  }
  if (!isWebUrl(url) && !privateUseScheme.test(url.protocol)) {
    return 'must be https, http on this machine, or have a scheme with a dot, such as com.example.app:/callback'
  }
  if (!isWrittenAs(uri, url))
    return 'must be written as a browser writes it: lower case, no "..", no default port'
  const taken = responseParameters.find((name) => url.searchParams.has(name))
  return taken === undefined ? null : `must not have the parameter ${taken} in its query`
}

/** The reason why a text cannot be the address of a page or of a server, as the end of a sentence; or null. */
export function webUriProblem(uri: unknown): string | null {
  const url = typeof uri === 'string' && uri.length <= maxLength ? URL.parse(uri) : null
  if (typeof uri !== 'string' || url === null || !/^[\x21-\x7e]+$/.test(uri)) {
    return `must be a URL of at most ${maxLength} printable ASCII characters`
  }
  if (uri.includes('#')) return 'must not have a fragment'
  if (hasUserinfo(uri, url)) return 'must not have a username or a password'
  if (url.protocol === 'https:') return null
  const isHere = url.protocol === 'http:' && loopbackHosts.includes(url.hostname)
  return isHere ? null : `must be https: http is for ${loopbackHosts.join(', ')} alone`
}

/**
 * True if a client may be sent back to a URI (RFC 9700 §4.1): it is registered, byte for byte. On
 * the loopback interface the port may be another, since an app listens on whichever is free
 * (RFC 8252 §7.3); `localhost` stands for no address, and no address for it.
 */
export function isRedirectUriOf(client: Pick<ClientRecord, 'redirectUris'>, uri: string): boolean {
  return client.redirectUris.some((registered) => isSameRedirectUri(registered, uri))
}

function isSameRedirectUri(registered: string, uri: string): boolean {
  if (registered === uri) return true
  const [known, given] = [loopbackUri.exec(registered), loopbackUri.exec(uri)]
  if (known === null || given === null) return false
  return known[1] === given[1] && known[3] === given[3] && Number(given[2] ?? 80) <= 0xffff
}

/** True if a client may be sent back to a URI after a log-out: byte for byte, the port too. */
export function isPostLogoutRedirectUriOf(
  client: Pick<ClientRecord, 'postLogoutRedirectUris'>,
  uri: string,
): boolean {
  return client.postLogoutRedirectUris.includes(uri)
}

/** The origin of the pages of a redirect URI, for CORS; null where there are no pages: a private-use scheme. */
export function originOfRedirectUri(uri: string): string | null {
  const url = URL.parse(uri)
  return url !== null && isWebUrl(url) ? url.origin : null
}

/**
 * True for a redirect URI that an app on the user's device listens at (RFC 8252 §7). Any program there can
 * name the client's id and use such a URI (§8.6), so that it says nothing about who asks.
 */
export function isNativeRedirectUri(uri: string): boolean {
  return !uri.startsWith('https:')
}

function isWebUrl({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:'
}

/** An empty one counts: a parsed URL does not show it. */
function hasUserinfo(uri: string, { username, password }: URL): boolean {
  return username !== '' || password !== '' || /^[^/?]*\/\/[^/?]*@/.test(uri)
}

/** The path of a website alone may be left out. */
function isWrittenAs(uri: string, { href, pathname, search }: URL): boolean {
  return uri === href || (pathname === '/' && search === '' && `${uri}/` === href)
}
