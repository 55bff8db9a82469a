import { isIPv4 } from 'node:net'
import { addressIn } from '../address.ts'

/**
 * Returns the source that a request's attempts are counted by: an IPv4 address, the /64 of an IPv6
 * address, or `unknown` for a text that is neither. A client with one address of a /64 can use all of
 * them. All ways to write one address give one source.
 */
export function sourceOf(address: string | undefined): string {
  const bare = addressIn(address ?? '')
  if (bare === undefined) return 'unknown'
  if (isIPv4(bare)) return bare
  const groups = groupsOf(bare)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) return bytesOf(groups.slice(6)).join('.')
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}

/** The eight groups of an address that `isIPv6` accepts. */
function groupsOf(address: string): readonly number[] {
  const [head = [], tail] = address.split('::').map(parseGroups)
  if (tail === undefined) return head
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

function parseGroups(text: string): readonly number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

function bytesOf(groups: readonly number[]): readonly number[] {
  return groups.flatMap((group) => [group >> 8, group & 0xff])
}
