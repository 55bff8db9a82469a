import { knownAddress } from '../address.ts'
import type { SessionRecord } from './session-store.ts'

/** Sessions that one user may have: the least recently used goes when there are more. */
export const maxPerUser = 100
const labelMaxLength = 200

/** Where a session was opened, as it is stored: what the client calls itself, cut, and its address. */
export function placeOf(
  userAgent = '',
  address: string | undefined,
): Pick<SessionRecord, 'label' | 'address'> {
  return {
    label: userAgent.replace(/\p{Cc}/gu, ' ').slice(0, labelMaxLength),
    address: knownAddress(address || undefined) ?? '',
  }
}
