import { timingSafeEqual } from 'node:crypto'
import { createMac } from '../keys/keyed-digest.ts'

/**
 * Writes and reads refresh tokens: `prt_<session id>.<generation>.<MAC>`, opaque to clients.
 *
 * The key of the MAC is not in the database, so an attacker with a copy of the database cannot make a
 * token. The successor of a token can be made again, byte for byte, for a client that lost the answer.
 */
export interface RefreshTokens {
  format(sessionId: string, generation: number): string
  /** Returns what a token says, or null if it was not written here. Does not look at the session. */
  parse(token: string): { readonly sessionId: string; readonly generation: number } | null
}

const grammar = /^prt_([0-9a-f-]{36})\.(0|[1-9]\d{0,14})\.([\w-]{43})$/

/**
 * Writes with a key that is derived from the secret for this purpose alone (RFC 5869). Also reads
 * tokens that were written with the previous secrets, so a changed secret logs no user out.
 *
 * @param secret At least 32 bytes, as each of the others.
 */
export function createRefreshTokens(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[] = [],
): RefreshTokens {
  const macOf = macUnder(secret)
  const macs = [macOf, ...previousSecrets.map(macUnder)]

  return {
    format(sessionId, generation) {
      const body = `${sessionId}.${generation}`
      return `prt_${body}.${macOf(body)}`
    },
    parse(token) {
      const [, sessionId, generation, presented] = grammar.exec(token) ?? []
      if (sessionId === undefined || generation === undefined || presented === undefined)
        return null
      const bytes = Buffer.from(presented)
      const written = macs.some((mac) =>
        timingSafeEqual(bytes, Buffer.from(mac(`${sessionId}.${generation}`))),
      )
      return written ? { sessionId, generation: Number(generation) } : null
    },
  }
}

const macUnder = (secret: Uint8Array) => createMac(secret, 'portcullis refresh token')
