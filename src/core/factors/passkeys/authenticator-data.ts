import { createHash, timingSafeEqual } from 'node:crypto'

/** What a credential must have been made for. */
export interface Expected {
  /** In base64url. */
  readonly challenge: string
  readonly rpId: string
  readonly origins: readonly string[]
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Why what the browser says of the ceremony is refused; null if it fits (Web Authentication §7.1 steps 5 to 11,
 * §7.2 steps 8 to 14).
 */
export function clientDataProblem(
  bytes: Uint8Array,
  type: 'webauthn.create' | 'webauthn.get',
  { challenge, origins }: Expected,
): string | null {
  const data = parse(bytes)
  if (data === null) return 'the client data is no JSON object'
  if (data.type !== type) return 'the client data is of another type'
  if (data.challenge !== challenge) return 'the challenge is another one'
  if (typeof data.origin !== 'string' || !origins.includes(data.origin)) {
    return 'the page is of another origin'
  }
  const isInFrame = (data.crossOrigin ?? false) !== false || data.topOrigin !== undefined
  return isInFrame ? 'the page was in a frame of another origin' : null
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes))
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? { ...value } : null
  } catch {
    return null
  }
}

/** What an authenticator says of itself in one byte (§6.1). */
export interface Flags {
  readonly userVerified: boolean
  /** Whether the passkey may be kept on several devices. */
  readonly backupEligible: boolean
  /** Whether it is. */
  readonly backedUp: boolean
}

/** The flags of authenticator data, or why it is refused (§7.1 steps 13 to 18, §7.2 steps 15 to 20). */
export function readFlags(data: Uint8Array, { rpId }: Expected): Flags | string {
  if (data.length < 37) return 'the authenticator data is too short'
  const hash = createHash('sha256').update(rpId).digest()
  if (!timingSafeEqual(hash, data.subarray(0, 32))) return 'the passkey is of another site'
  const bits = data[32] as number
  const has = (bit: number): boolean => (bits & (1 << bit)) !== 0
  if (!has(0)) return 'the user was not present'
  const flags = { userVerified: has(2), backupEligible: has(3), backedUp: has(4) }
  if (flags.backedUp && !flags.backupEligible) {
    return 'the passkey is backed up, and says that it cannot be'
  }
  return flags
}
