import { createPublicKey, type webcrypto } from 'node:crypto'

/** A key as CBOR has it: its members by their numbers (RFC 9052 §7). */
export interface CoseKey {
  get(label: number): unknown
}

const bytesOfCurve = 32
const leastModulus = 2048

/**
 * True for a key by which a signature can be right: each algorithm has its one type and one curve (Web
 * Authentication §5.8.5), and the point or the modulus is one. A passkey with any other key would count as a
 * factor, and let nobody in.
 */
export function canVerify(key: CoseKey): boolean {
  const jwk = toJwk(key)
  if (jwk === null) return false
  try {
    // An EC point that is not on its curve is refused here.
    const { asymmetricKeyDetails: details } = createPublicKey({ key: jwk, format: 'jwk' })
    if (jwk.kty === 'OKP') return isOnEdwards25519(Buffer.from(jwk.x ?? '', 'base64url'))
    if (jwk.kty === 'EC') return true
    const { modulusLength = 0, publicExponent = 0n } = details ?? {}
    return modulusLength >= leastModulus && publicExponent > 1n && publicExponent % 2n === 1n
  } catch {
    return false
  }
}

/** RFC 9053 §7 and RFC 8230 §4. Null for what is neither of the three. */
function toJwk(key: CoseKey): webcrypto.JsonWebKey | null {
  const [kty, alg, one, two, three] = [1, 3, -1, -2, -3].map((label) => key.get(label))
  if (alg === -7 && kty === 2 && one === 1 && isOfCurve(two) && isOfCurve(three)) {
    return { kty: 'EC', crv: 'P-256', x: inBase64(two), y: inBase64(three) }
  }
  if (alg === -8 && kty === 1 && one === 6 && isOfCurve(two)) {
    return { kty: 'OKP', crv: 'Ed25519', x: inBase64(two) }
  }
  if (alg === -257 && kty === 3 && one instanceof Uint8Array && two instanceof Uint8Array) {
    return { kty: 'RSA', n: inBase64(one), e: inBase64(two) }
  }
  return null
}

function isOfCurve(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === bytesOfCurve
}

function inBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

const p = 2n ** 255n - 19n
const d = 37095705934669439343138083508754565189542113879843219016388785533085940283555n

/** Whether bytes are a point (RFC 8032 §5.1.3 steps 1 to 3), which OpenSSL asks at the first signature alone. */
function isOnEdwards25519(bytes: Buffer): boolean {
  const y = BigInt.asUintN(255, BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`))
  const square = (y * y) % p
  // x² is u / v: that is a square if u · v is one.
  const [u, v] = [square - 1n + p, d * square + 1n]
  return y < p && power((u * v) % p, (p - 1n) / 2n) <= 1n
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base]
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % p
    square = (square * square) % p
  }
  return result
}
