import { createRotatingMac } from '../keys/keyed-digest.ts'

/**
 * Writes and reads the tokens of sessions: `<prefix>_<session id>.<generation>.<MAC>`, opaque to who has one.
 *
 * The key of the MAC is not in the database, so an attacker with a copy of the database cannot make a
 * token. The successor of a token can be made again, byte for byte, for a client that lost the answer.
 */
export interface SessionTokens {
  format(sessionId: string, generation: number): string
  /** Returns what a token says, or null if it was not written here. Does not look at the session. */
  parse(token: string): { readonly sessionId: string; readonly generation: number } | null
}

/** What tells the tokens of one kind from all others. */
export interface SessionTokenKind {
  /** Small letters. */
  readonly prefix: string
  /** What the key of the MAC is derived for. Of its own, so that no token passes for one of another kind. */
  readonly purpose: string
}

/**
 * Writes with a key that is derived from the secret for this purpose alone (RFC 5869). Also reads
 * tokens that were written with the previous secrets, so a changed secret logs no user out.
 *
 * @param secret At least 32 bytes, as each of the others.
 */
export function createSessionTokens(
  { prefix, purpose }: SessionTokenKind,
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[] = [],
): SessionTokens {
  const grammar = new RegExp(`^${prefix}_([0-9a-f-]{36})\\.(0|[1-9]\\d{0,14})\\.([\\w-]{43})$`)
  const mac = createRotatingMac(secret, previousSecrets, purpose)

  return {
    format(sessionId, generation) {
      const body = `${sessionId}.${generation}`
      return `${prefix}_${body}.${mac.of(body)}`
    },
    parse(token) {
      const [, sessionId, generation, presented] = grammar.exec(token) ?? []
      if (sessionId === undefined || generation === undefined || presented === undefined)
        return null
      const written = mac.isOf(`${sessionId}.${generation}`, presented)
      return written ? { sessionId, generation: Number(generation) } : null
    },
  }
}
