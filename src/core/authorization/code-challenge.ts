import { createHash, timingSafeEqual } from 'node:crypto'

/** 43 to 128 unreserved characters (RFC 7636 §4.1). */
const verifierGrammar = /^[\w.~-]{43,128}$/

/** True for what S256 makes (RFC 7636 §4.2): 256 bits in base64url. */
export function isCodeChallenge(text: string): boolean {
  return /^[\w-]{43}$/.test(text)
}

/**
 * True if a verifier belongs to the challenge of a code (RFC 7636 §4.6), compared in constant time. Where one
 * of the two is missing, only if the other is: a verifier without a challenge tells that somebody took the
 * challenge out of the authorization request (RFC 9700 §4.8.2).
 */
export function matchesChallenge(challenge: string | null, verifier: string | null): boolean {
  if (challenge === null || verifier === null) return challenge === verifier
  if (!verifierGrammar.test(verifier)) return false
  const expected = Buffer.from(challenge)
  const made = Buffer.from(createHash('sha256').update(verifier).digest('base64url'))
  return expected.length === made.length && timingSafeEqual(expected, made)
}
