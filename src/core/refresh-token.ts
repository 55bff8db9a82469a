import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/**
 * Writes and reads refresh tokens: `prt_<session id>.<generation>.<MAC>`, opaque to clients.
 *
 * The MAC is under a key that is not in the database, so whoever steals the database can make none;
 * and the successor of a token can be made again, to the byte, for a client that lost the answer.
 */
export interface RefreshTokens {
  format(sessionId: string, generation: number): string
  /** Returns what a token says, or null if it was not written here. Does not look at the session. */
  parse(token: string): { readonly sessionId: string; readonly generation: number } | null
}

const grammar = /^prt_([0-9a-f-]{36})\.(0|[1-9]\d{0,14})\.([\w-]{43})$/

/** @param secret At least 32 bytes; a key for this purpose alone is derived from it (RFC 5869). */
export function createRefreshTokens(secret: Uint8Array): RefreshTokens {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'portcullis refresh token', 32))
  const mac = (text: string): string => createHmac('sha256', key).update(text).digest('base64url')

  return {
    format(sessionId, generation) {
      const body = `${sessionId}.${generation}`
      return `prt_${body}.${mac(body)}`
    },
    parse(token) {
      const [, sessionId, generation, presented] = grammar.exec(token) ?? []
      if (sessionId === undefined || generation === undefined || presented === undefined)
        return null
      const expected = mac(`${sessionId}.${generation}`)
      if (!timingSafeEqual(Buffer.from(presented), Buffer.from(expected))) return null
      return { sessionId, generation: Number(generation) }
    },
  }
}
