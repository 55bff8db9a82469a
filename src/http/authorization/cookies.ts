import { createHash } from 'node:crypto'
import type { GuardedRequest } from '../bearer.ts'
import { headerOf } from './request-headers.ts'

/** The cookies of an issuer: their names, and how they are set. */
export interface Cookies {
  /** Names the browser session. */
  readonly session: Cookie
  /** Ties a form to the browser that it was shown in. */
  readonly form: Cookie
}

/** One cookie. */
export interface Cookie {
  readonly name: string
  /** Its value in a request, or null. Does not check it. */
  read(request: Pick<GuardedRequest, 'headers'>): string | null
  /** The value of `Set-Cookie`. @param maxAge Seconds. Default: as long as the browser runs. */
  write(value: string, maxAge?: number): string
  /** The value of `Set-Cookie` that deletes it. */
  clear(): string
}

/**
 * The cookies of an issuer. By https no other host and no path can plant them (`__Host-`). By http that prefix
 * cannot be had. Cookies know no ports there, so the port is in the name.
 */
export function cookiesOf(issuer: string): Cookies {
  const { protocol, port, pathname } = new URL(issuer)
  const isSecure = protocol === 'https:'
  const path = pathname.replace(/\/$/, '')
  // Two servers on one host, below different paths: a cookie of `__Host-` has the path `/`.
  const ofPath = path === '' ? '' : `_${digestOf(path)}`
  const ofPort = isSecure ? '' : `_${port || '80'}`
  const name = (what: string): string =>
    `${isSecure ? '__Host-' : ''}portcullis_${what}${ofPort}${ofPath}`
  return { session: cookie(name('session'), isSecure), form: cookie(name('form'), isSecure) }
}

function digestOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 8)
}

function cookie(name: string, isSecure: boolean): Cookie {
  // Lax: with Strict somebody who comes from a client would not be logged in.
  const attributes = `; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
  return {
    name,
    read: (request) => cookieIn(name, headerOf(request)('cookie') ?? ''),
    write: (value, maxAge) =>
      `${name}=${value}${attributes}${maxAge === undefined ? '' : `; Max-Age=${maxAge}`}`,
    clear: () => `${name}=${attributes}; Max-Age=0`,
  }
}

/** RFC 6265 §4.2.1. Of several the first one counts: browsers send the one with the longest path first. */
function cookieIn(name: string, header: string): string | null {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at !== -1 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim() || null
  }
  return null
}
