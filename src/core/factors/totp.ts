import { createHmac, timingSafeEqual } from 'node:crypto'

/** Seconds that a code is shown for: a time step (RFC 6238 §4.1). */
export const stepLength = 30
/** Bytes of a secret: as many as the hash has (RFC 4226 §4). */
export const secretLength = 20

/**
 * The code of a counter (RFC 4226 §5.3): HMAC-SHA-1, truncated to so many decimal digits.
 *
 * @param digits Default 6, which is what authenticator apps show.
 */
export function hotp(
  secret: Uint8Array,
  counter: number,
  { digits = 6, hash = 'sha1' }: { readonly digits?: number; readonly hash?: string } = {},
): string {
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(BigInt(counter))
  const mac = createHmac(hash, secret).update(message).digest()
  const offset = (mac.at(-1) as number) & 0xf
  const number = mac.readUInt32BE(offset) & 0x7fffffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

/** The time step of an instant, in seconds since 1970 (RFC 6238 §4.2). */
export function stepAt(now: number): number {
  return Math.floor(now / stepLength)
}

/**
 * The time step that a code is of: the one of now, the one before or the one after; the newest of several. Null
 * if it is of none of them.
 *
 * Does not check that the step was not used before (RFC 6238 §5.2): the store decides that.
 */
export function stepOf(secret: Uint8Array, code: string, now: number): number | null {
  const typed = Buffer.from(code)
  const current = stepAt(now)
  let found: number | null = null
  for (const step of [current - 1, current, current + 1]) {
    const right = Buffer.from(hotp(secret, step))
    if (typed.length === right.length && timingSafeEqual(typed, right)) found = step
  }
  return found
}

/** The six digits that somebody typed, without spaces; null if it is something else. ASCII digits alone. */
export function readCode(typed: unknown): string | null {
  const code = typeof typed === 'string' ? typed.replaceAll(' ', '') : ''
  return /^[0-9]{6}$/.test(code) ? code : null
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Bytes in base32 without padding (RFC 4648 §6). */
export function encodeBase32(bytes: Uint8Array): string {
  let bits = 0
  let value = 0
  let text = ''
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += alphabet[(value >> bits) & 31]
    }
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text
}
