import { createHash, randomFillSync } from 'node:crypto'

const size = 12
/** Random bytes ahead: asking for a few takes as long as asking for many, and an import needs many. */
const pool = Buffer.alloc(512 * size)
let used = pool.length

/**
 * A new random value that ends every token which carries the old one: a value and not an instant, so
 * that neither two clocks nor two events in one second can mislead it.
 */
export function newSecurityStamp(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const stamp = pool.toString('base64url', used, used + size)
  used += size
  return stamp
}

/**
 * The user's stamp as a token without a session carries it: a digest, so that a reader of the token
 * does not learn the value in the database.
 */
export function tokenStampOf(securityStamp: string): string {
  return createHash('sha256').update(securityStamp).digest('base64url')
}

/** True if a token says this of its user's stamp: the digest, or the stamp itself as earlier versions wrote it. */
export function isTokenStampOf(securityStamp: string, claim: unknown): boolean {
  return claim === tokenStampOf(securityStamp) || claim === securityStamp
}
