import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

/** Returns the addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

/**
 * Where no issuer is: addresses that mean this link alone, which is where clouds hand out the
 * credentials of a machine, and those that mean no machine or many. Private networks are not among
 * them: issuers do run there.
 */
const refused = new BlockList()
for (const [network, prefix, family] of [
  ['0.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  // Alibaba Cloud's.
  ['100.100.100.200', 32, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['255.255.255.255', 32, 'ipv4'],
  ['::', 128, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
  // Those of Amazon and of Google, which are private addresses otherwise.
  ['fd00:ec2::254', 128, 'ipv6'],
  ['fd20:ce::254', 128, 'ipv6'],
  // Link-local IPv4 by NAT64 (RFC 6052).
  ['64:ff9b::a9fe:0', 112, 'ipv6'],
] as const) {
  refused.addSubnet(network, prefix, family)
}

/** Private networks and this machine (RFC 1918, 4193, 6598). An outsider cannot read their traffic. */
const ownNetworks = new BlockList()
for (const [network, prefix, family] of [
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
] as const) {
  ownNetworks.addSubnet(network, prefix, family)
}

/** True if an issuer may be at the address. An IPv4 address may be written as an IPv6 one. */
export function mayBeIssuer(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && !refused.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** The addresses by the resolver of this machine. */
export const resolveName: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address)

/** True if an issuer may be at every address of the host of a URL. */
export async function mayHostIssuer(url: string, resolve: Resolve): Promise<boolean> {
  return (await addressesOf(url, resolve)).every(mayBeIssuer)
}

/** True if every address of the host of a URL is of a private network, or of this machine. */
export async function isPrivate(url: string, resolve: Resolve): Promise<boolean> {
  const addresses = await addressesOf(url, resolve)
  return addresses.every((address) =>
    ownNetworks.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6'),
  )
}

async function addressesOf(url: string, resolve: Resolve): Promise<readonly string[]> {
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')
  return isIP(host) ? [host] : await resolve(host)
}
