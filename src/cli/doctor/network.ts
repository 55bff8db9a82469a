import { isLoopback } from '../../server/settings/loopback.ts'
import type { Config } from '../../server/settings/settings.ts'
import { trustProxies } from '../../server/settings/trusted-proxies.ts'
import { type Finding, findingsOf, type Subject } from './finding.ts'

const url = findingsOf('issuer-url')
const proxies = findingsOf('proxies')

/** The URL in the tokens is one that clients can reach, safely. */
export function checkIssuerUrl({ config }: Subject): readonly Finding[] {
  const { protocol, hostname, pathname, port } = new URL(config.issuer)
  const found: Finding[] = []
  const isNear = isLoopback(hostname)
  if (protocol === 'http:' && !isNear) {
    // Without that, the configuration is refused.
    found.push(
      url.warning(
        `ISSUER ${config.issuer} is not https, as ALLOW_INSECURE_ISSUER lets it: passwords and tokens cross the network in clear.`,
        'Put a proxy with TLS in front, set ISSUER to its https URL, and unset ALLOW_INSECURE_ISSUER.',
      ),
    )
  }
  if (isNear && !isLoopback(config.host)) {
    found.push(
      url.warning(
        `HOST ${config.host} lets others in, and ISSUER ${config.issuer} is reached from this machine only.`,
        'Set ISSUER to the URL that clients use, or HOST to 127.0.0.1.',
      ),
    )
  }
  if (isNear && protocol === 'http:' && config.port !== 0 && Number(port || 80) !== config.port) {
    found.push(
      url.warning(
        `ISSUER ${config.issuer} names another port than PORT ${config.port}.`,
        'Make them agree, unless a proxy on this machine listens on that port.',
      ),
    )
  }
  if (pathname !== '/') {
    found.push(
      // Whether a proxy does so cannot be seen from here: nothing to fail for.
      url.ok(
        `ISSUER has the path ${pathname}: clients look for metadata at ${new URL(config.issuer).origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}.`,
        'Let the proxy pass that on, and cut the path off all other requests; or use a host name of its own.',
      ),
    )
  }
  return found.length > 0 ? found : [url.ok(`Tokens are issued by ${config.issuer}.`)]
}

/** What tells where a request comes from is set for the place that the server is in. */
export function checkProxies({ config }: Subject): readonly Finding[] {
  const { host, issuer, trustedProxies } = config
  const { addresses, hops } = trustedProxies
  if (addresses.length === 0) return [withoutProxies(config)]
  const found: Finding[] = []
  const everybody = addresses.filter((address) => /\/0+$/.test(address))
  if (everybody.length > 0) {
    found.push(
      proxies.problem(
        `TRUSTED_PROXIES trusts everybody (${everybody.join(', ')}): a client can write any address into X-Forwarded-For, and guess passwords from all of them.`,
        'Name the addresses of the proxies alone.',
      ),
    )
  }
  if (isLoopback(host) && !trustsLoopback(config)) {
    found.push(
      proxies.warning(
        `HOST ${host} is reached from this machine only, and TRUSTED_PROXIES does not name it.`,
        'Add 127.0.0.1 and ::1 to TRUSTED_PROXIES, or set HOST to an address that the proxies reach.',
      ),
    )
  }
  if (new URL(issuer).protocol === 'http:') {
    found.push(
      proxies.warning(
        `There are proxies in front, and ISSUER ${issuer} is not https.`,
        'Set ISSUER to the URL that clients use.',
      ),
    )
  }
  const some = `${addresses.length} ${addresses.length === 1 ? 'address or block' : 'addresses and blocks'}`
  return found.length > 0
    ? found
    : [proxies.ok(`X-Forwarded-For is believed of ${some}, over ${hops} at most.`)]
}

function withoutProxies({ host, issuer }: Config): Finding {
  if (new URL(issuer).protocol === 'https:') {
    return proxies.warning(
      'ISSUER is https, so a proxy is in front, and TRUSTED_PROXIES is not set: all clients are one source, and wait together when one of them guesses passwords.',
      'Set TRUSTED_PROXIES to the addresses of the proxy.',
    )
  }
  if (!isLoopback(host)) {
    return proxies.warning(
      `HOST ${host} lets others in without TLS, and no proxy is trusted.`,
      'Put a proxy with TLS in front and set TRUSTED_PROXIES and ISSUER, or set HOST to 127.0.0.1.',
    )
  }
  return proxies.ok('No proxy is trusted: the address of a connection is that of the client.')
}

function trustsLoopback({ trustedProxies }: Config): boolean {
  const trusts = trustProxies(trustedProxies)
  return trusts !== false && (trusts('127.0.0.1', 0) || trusts('::1', 0))
}
