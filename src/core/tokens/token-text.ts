// What the text of an access token has to be before anything of it is believed.

/** Longest token, in characters, that is looked at (RFC 8725 §3.11 leaves the bound to us). */
export const accessTokenMaxLength = 8192

// Of the last two or three characters, the last has bits that say nothing, and are zero.
const base64url = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/

/**
 * True for three segments of base64url as it is written (RFC 7515 §2): one token, one text. A decoder
 * would also accept padding, and bits at the end that say nothing.
 */
export function isStrictlyEncoded(token: string): boolean {
  const segments = token.split('.')
  return segments.length === 3 && segments.every((segment) => base64url.test(segment))
}
