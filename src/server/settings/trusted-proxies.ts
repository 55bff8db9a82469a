import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { addressIn } from '../../core/address.ts'

/** The proxies whose word about the client's address counts. */
export interface TrustedProxies {
  /** Addresses and CIDR blocks. */
  readonly addresses: readonly string[]
  /** Proxies that a request may have come through. */
  readonly hops: number
}

/** True for an address, or a CIDR block, that can be trusted: of IPv4 or IPv6. */
export function isAddressBlock(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0
  if (bits === 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)
}

/**
 * Returns Fastify's `trustProxy`: which hops of `X-Forwarded-For` are trusted. Each hop must have one of
 * the addresses, so that a client that reaches the server directly keeps its own address. There are at
 * most as many hops as configured, so that a client inside their network cannot pose as a proxy.
 */
export function trustProxies({
  addresses,
  hops,
}: TrustedProxies): false | ((address: string, hop: number) => boolean) {
  if (addresses.length === 0) return false
  const trusted = new BlockList()
  for (const block of addresses) {
    const [address = '', prefix] = block.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    const bits = prefix === undefined ? (family === 'ipv4' ? 32 : 128) : Number(prefix)
    trusted.addSubnet(address, bits, family)
  }
  return (address, hop) => {
    const bare = addressIn(address)?.replace(/^::ffff:(\d+\.)/i, '$1')
    if (bare === undefined || hop >= hops) return false
    return trusted.check(bare, isIPv4(bare) ? 'ipv4' : 'ipv6')
  }
}

/** Reads the addresses and CIDR blocks of the setting `TRUSTED_PROXIES`. */
export function readAddresses(text: string, problems: string[]): readonly string[] | undefined {
  const addresses = text.split(/[\s,]+/).filter((part) => part !== '')
  if (addresses.every(isAddressBlock)) return addresses
  problems.push(
    'TRUSTED_PROXIES must be addresses or CIDR blocks with commas between, such as 10.0.0.0/8,fd00::/8.',
  )
  return undefined
}
