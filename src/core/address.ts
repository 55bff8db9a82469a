import { isIPv4, isIPv6 } from 'node:net'

/**
 * Returns the IP address in what a proxy or a socket calls a client, in any form of RFC 7239 §6: alone, with
 * a port, in brackets, in quotes, with a zone. Undefined if it is none, such as `unknown` or `_hidden`.
 */
export function addressIn(text: string): string | undefined {
  const node = text.trim().replace(/^"(.*)"$/, '$1')
  return [node, node.replace(/:[\w.-]{1,32}$/, '')]
    .map((each) => each.replace(/^\[(.*)\]$/, '$1').replace(/%[^%]*$/, ''))
    .find((each) => isIPv4(each) || isIPv6(each))
}

/**
 * The address as it is kept: without a port, and `unknown` for what is no address, since a client may write
 * anything into a header that a proxy passes on. Undefined stays undefined.
 */
export function knownAddress(text: string | undefined): string | undefined {
  return text === undefined ? undefined : (addressIn(text) ?? 'unknown')
}

/**
 * True for a host as it is in a URL: a name or an address in small letters, without a port, one of IPv6 in
 * brackets. Text that a URL writes otherwise, such as `1.2` or `::1`, would never equal the host of one.
 */
export function isUrlHost(host: unknown): boolean {
  return URL.parse(`https://${host}/`)?.hostname === host
}
