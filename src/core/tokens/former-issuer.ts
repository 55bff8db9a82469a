/** What the default issuer of the ready server is, with any port. */
const defaultIssuer = /^http:\/\/localhost(:\d+)?$/

/**
 * True for what that default was before, with the same port, if `issuer` is today's. It was an address;
 * browsers have passkeys for a name alone.
 */
export function isFormerIssuer(name: unknown, issuer: string): boolean {
  return defaultIssuer.test(issuer) && name === issuer.replace('localhost', '127.0.0.1')
}
