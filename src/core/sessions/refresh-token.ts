import { createSessionTokens, type SessionTokens } from './session-token.ts'

/** Writes and reads refresh tokens: `prt_<session id>.<generation>.<MAC>`, opaque to clients. */
export type RefreshTokens = SessionTokens

/** @param secret At least 32 bytes, as each of the others. */
export function createRefreshTokens(
  secret: Uint8Array,
  previousSecrets: readonly Uint8Array[] = [],
): RefreshTokens {
  const kind = { prefix: 'prt', purpose: 'portcullis refresh token' }
  return createSessionTokens(kind, secret, previousSecrets)
}
