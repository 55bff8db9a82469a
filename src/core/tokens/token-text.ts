// What the text of an access token has to be before anything of it is believed.

/** Longest token, in characters, that is looked at (RFC 8725 §3.11 leaves the bound to us). */
export const accessTokenMaxLength = 8192

const threeSegments = /^([\w-]*)\.([\w-]*)\.([\w-]*)$/

/** What the last character may be, by how many there are after the last four: its bits that say nothing are zero. */
const lastOfTwo = 'AQgw'
const lastOfThree = 'AEIMQUYcgkosw048'

/**
 * True for three segments of base64url as it is written (RFC 7515 §2): one token, one text. A decoder
 * would also accept padding, and bits at the end that say nothing.
 */
export function isStrictlyEncoded(token: string): boolean {
  const [, ...segments] = threeSegments.exec(token) ?? []
  return segments.length === 3 && segments.every(endsStrictly)
}

function endsStrictly(segment: string): boolean {
  const after = segment.length % 4
  if (after === 0) return true
  return after !== 1 && (after === 2 ? lastOfTwo : lastOfThree).includes(segment.slice(-1))
}
