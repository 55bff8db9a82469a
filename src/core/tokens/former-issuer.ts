/**
 * True for what the default issuer of the ready server was with the same port, if `issuer` is today's.
 * Browsers have passkeys for `localhost`, and none for an address: so the default is a name since.
 */
export function isFormerIssuer(name: unknown, issuer: string): boolean {
  const isDefault = /^http:\/\/localhost(:\d+)?$/.test(issuer)
  return isDefault && name === issuer.replace('localhost', '127.0.0.1')
}
