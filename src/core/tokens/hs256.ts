import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { clockTolerance } from '../clock.ts'

// HS256 in this thread. WebCrypto hands each signature to another thread and comes back some turns of the event loop
// later, which takes ten times as long as the HMAC. A test holds the two functions against jose.

/** What of the header of a JWT is looked at. Nothing has proved it yet. */
export interface TokenHeader {
  readonly alg?: unknown
  readonly typ?: unknown
  readonly kid?: unknown
  readonly crit?: unknown
}

/** What a token has to say besides its signature. */
export interface ExpectedClaims {
  /** The `typ` of the header, without `application/`, in small letters. */
  readonly type: string
  readonly issuer: string
  readonly audience: string
  /** Claims that have to be there besides `iss` and `aud`. */
  readonly required: readonly string[]
  /** Seconds since 1970. */
  readonly now: number
}

/** Returns the JWT of a header and claims, signed with HS256 (RFC 7515 §7.1). */
export function signHs256(header: object, claims: object, secret: KeyObject): string {
  const text = `${segmentOf(header)}.${segmentOf(claims)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

function segmentOf(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

/**
 * True if the last segment of a JWT is the HMAC of the two before it (RFC 7518 §3.2). The token must be strictly
 * encoded; the time does not depend on how much of the signature is right.
 */
export function hasHs256Signature(token: string, secret: KeyObject): boolean {
  const end = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  const mac = createHmac('sha256', secret).update(token.slice(0, end)).digest()
  return signature.length === mac.length && timingSafeEqual(signature, mac)
}

// The same text cannot be read in two ways: bytes that are no UTF-8 are refused.
const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Returns the claims of a strictly encoded HS256 token, or null if its `alg`, signature, `typ`, `iss`, `aud`, `nbf` or
 * `exp` is wrong, or a claim is missing.
 *
 * Does not judge critical extensions (RFC 7515 §4.1.11): give a token that names some to jose.
 */
export function verifyHs256(
  token: string,
  { alg, typ }: TokenHeader,
  secret: KeyObject,
  expected: ExpectedClaims,
): object | null {
  if (alg !== 'HS256' || !hasHs256Signature(token, secret)) return null
  // RFC 7515 §4.1.9: a media type, whose `application/` may be left out.
  const type = typeof typ === 'string' ? typ.toLowerCase() : ''
  if (type !== expected.type && type !== `application/${expected.type}`) return null
  const claims = readClaims(token.slice(token.indexOf('.') + 1, token.lastIndexOf('.')))
  return claims !== null && areExpected(claims, expected) ? claims : null
}

/** The JSON object of a segment, or null. */
function readClaims(segment: string): Record<string, unknown> | null {
  try {
    const claims: unknown = JSON.parse(utf8.decode(Buffer.from(segment, 'base64url')))
    const isObject = typeof claims === 'object' && claims !== null && !Array.isArray(claims)
    return isObject ? (claims as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** RFC 7519 §4.1: who made it, for whom, and when it counts. */
function areExpected(
  claims: Record<string, unknown>,
  { issuer, audience, required, now }: ExpectedClaims,
): boolean {
  const { iss, aud, iat, exp, nbf } = claims
  return (
    required.every((name) => Object.hasOwn(claims, name)) &&
    iss === issuer &&
    (Array.isArray(aud) ? aud.includes(audience) : aud === audience) &&
    typeof iat === 'number' &&
    (nbf === undefined || (typeof nbf === 'number' && nbf <= now + clockTolerance)) &&
    typeof exp === 'number' &&
    exp > now - clockTolerance
  )
}
