import { headerOf } from '../http/authorization/request-headers.ts'
import type { GuardedRequest } from '../http/bearer.ts'

/**
 * True only if a browser says that a page of this origin has sent the request. Every browser says so, in
 * `Sec-Fetch-Site` or `Origin`, of what is not asked for by GET or HEAD. So there is no token that a form of an
 * application could forget.
 */
export function isSurelyFromHere(
  request: Pick<GuardedRequest, 'headers'>,
  issuer: string,
): boolean {
  const header = headerOf(request)
  const site = header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  return header('origin') === new URL(issuer).origin
}

/**
 * True for a path of this server, with or without a query: nobody is led elsewhere. Two slashes would begin another
 * host, a browser reads a backslash as a slash, and what is not printable ASCII it leaves out or encodes.
 */
export function isOwnPath(text: string): boolean {
  return ownPath.test(text)
}

const ownPath = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/
