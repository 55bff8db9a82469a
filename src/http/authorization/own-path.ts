/**
 * True for a path of this server, with or without a query: nobody is led elsewhere. Two slashes would begin another
 * host, a browser reads a backslash as a slash, and what is not printable ASCII it leaves out or encodes.
 */
export function isOwnPath(text: string): boolean {
  return ownPath.test(text)
}

const ownPath = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/
