import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { exportJWK } from 'jose/key/export'
import { generateKeyPair } from 'jose/key/generate/keypair'
import { importJWK } from 'jose/key/import'

/** A JSON Web Key (RFC 7517). By way of a function: else each application's compiler reads all types of jose. */
export type JWK = Awaited<ReturnType<typeof exportJWK>>

/** Algorithms of keys that Portcullis makes (RFC 7518 §3.1, RFC 8037). */
export type SigningAlgorithm = 'ES256' | 'RS256' | 'PS256' | 'EdDSA'

export const signingAlgorithms: readonly SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'EdDSA']

/**
 * A key with the one algorithm it is for. A token's header can only agree with it: the algorithm is
 * never taken from the token (RFC 8725 §3.1).
 */
export interface SigningKey {
  /** The `kid` of its tokens. */
  readonly id: string
  /** The one algorithm that the key signs with. */
  readonly algorithm: 'HS256' | SigningAlgorithm
  /** The private key, or the secret of HS256. */
  readonly signWith: CryptoKey
  /** The public key, or the secret of HS256. */
  readonly verifyWith: CryptoKey
  /** The secret of HS256 once more, to verify in this thread. Absent for a key pair. */
  readonly secret?: KeyObject
  /** For the JWK Set. Absent for a secret, which is never published. */
  readonly publicJwk?: JWK
  /** From when on its tokens are refused, in seconds since 1970. Null: not known yet, or never. */
  readonly verifiesUntil: number | null
}

/**
 * Returns the HS256 key of a secret: the bytes of its text, never hex- or base64-decoded, as in
 * FastAPI. Call `secretProblems` first; this does not check how strong the secret is.
 */
export async function importSecret(secret: string): Promise<SigningKey> {
  const bytes = new TextEncoder().encode(secret)
  const key = await crypto.subtle.importKey(
    'raw',
    bytes,
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  )
  const id = createHmac('sha256', bytes).update('portcullis kid').digest('base64url').slice(0, 16)
  const keys = { signWith: key, verifyWith: key, secret: createSecretKey(bytes) }
  return { id, algorithm: 'HS256', ...keys, verifiesUntil: null }
}

/** Returns a new private key as a JWK. RSA keys have 3072 bits. */
export async function generatePrivateJwk(algorithm: SigningAlgorithm): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, {
    extractable: true,
    modulusLength: 3072,
  })
  return await exportJWK(privateKey)
}

/** Returns the `kid` of a key, its JWK thumbprint (RFC 7638). */
export async function keyId(jwk: JWK): Promise<string> {
  return await calculateJwkThumbprint(jwk)
}

/** Returns the signing key of a private JWK. */
export async function importPrivateJwk(
  privateJwk: JWK,
  algorithm: SigningAlgorithm,
): Promise<SigningKey> {
  const id = await keyId(privateJwk)
  // Public members by name (RFC 7518 §6): what is private can then not slip into the JWK Set.
  const { kty, crv, x, y, n, e } = privateJwk
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value)
  const publicJwk = { ...Object.fromEntries(members), kid: id, alg: algorithm, use: 'sig' }
  return {
    id,
    algorithm,
    signWith: (await importJWK(privateJwk, algorithm)) as CryptoKey,
    verifyWith: (await importJWK(publicJwk, algorithm)) as CryptoKey,
    publicJwk: Object.freeze(publicJwk),
    verifiesUntil: null,
  }
}

// SHA-256 of random-looking secrets that are printed in public, lower-cased: FastAPI's tutorial and
// RFC 7515 A.1. Written as digests, so that no reader can copy one from here.
const sampleDigests = new Set([
  '570dad43de1af4c925f92c16a68a50936da42b7dd6fdeb24850507a1199aac89',
  'c1d2e8726375f11fda33d032c5d84eec753aba4bad251dfdfaf8bdd8c4d26243',
])
const samplePatterns = [
  /(change|replace)[-_ .]?(me|this|it)|your[-_ .]|at[-_ ]least[-_ ]256/i,
  /(super|my|top)[-_ ]?secret|secret[-_ ]?(key|here)|example|placeholder|password/i,
  /insert[-_ ]|generate[-_ ]|django-insecure|keyboard[-_ ]?cat|do[-_ ]?not[-_ ]?use/i,
  /not[-_ ]?(for|in)[-_ ]?prod|(dev|test)(elopment|ing)?[-_ ](secret|key)/i,
]

/**
 * Returns every reason against a secret as an HS256 key; none if it will do (RFC 7518 §3.2, RFC 8725
 * §3.5). Refused: fewer than 32 bytes, a sample, few distinct characters, and a text that is mostly repeats
 * or rows of characters. A text that holds a key of another kind is refused too: anybody with its public
 * half could sign.
 */
export function secretProblems(secret: string): readonly string[] {
  const make = 'make one with: openssl rand -hex 32'
  if (/-----BEGIN|"kty"|"keys"|ssh-(rsa|dss|ed25519)|ecdsa-sha2-/.test(secret)) {
    return [`must be a random secret, not a PEM, JWK or SSH key; ${make}`]
  }
  const problems: string[] = []
  if (new TextEncoder().encode(secret).length < 32) {
    problems.push(`must have at least 32 bytes; ${make}`)
  }
  const digest = createHash('sha256').update(secret.trim().toLowerCase()).digest('hex')
  if (sampleDigests.has(digest) || samplePatterns.some((pattern) => pattern.test(secret))) {
    problems.push(`is a sample value that anybody can look up; ${make}`)
  } else if (new Set(secret).size < 10) {
    problems.push(`repeats too few characters to be random; ${make}`)
  } else if (isPatterned(secret)) {
    problems.push(
      `is made of repeated parts or rows of characters, which are easy to guess; ${make}`,
    )
  }
  return problems
}

// The rows that hands type and alphabets are written in, forwards and backwards.
const rows = [
  ...['0123456789'.repeat(4), 'abcdefghijklmnopqrstuvwxyz', '0123456789abcdef'],
  ...['qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'qwertz', 'azertyuiop'],
].flatMap((row) => [row, [...row].reverse().join('')])

/**
 * True if two fifths of the text are nothing new: they repeat an earlier part of at least 6 characters,
 * or go on in a row for at least 5. Of 1000 times 32 random bytes in hex, one holds one such part, by
 * chance; it would take five of them.
 */
function isPatterned(secret: string): boolean {
  const text = secret.toLowerCase()
  let expected = 0
  for (let at = 0; at < text.length; ) {
    const length = Math.max(repeatedAt(text, at, 6), rowAt(text, at, 5))
    if (length === 0) at++
    else {
      expected += length
      at += length
    }
  }
  return expected * 5 >= text.length * 2
}

function repeatedAt(text: string, at: number, least: number): number {
  let length = 0
  while (at + length < text.length && text.indexOf(text.slice(at, at + length + 1)) < at) length++
  return length >= least ? length : 0
}

function rowAt(text: string, at: number, least: number): number {
  let length = 0
  while (
    at + length < text.length &&
    rows.some((row) => row.includes(text.slice(at, at + length + 1)))
  ) {
    length++
  }
  return length >= least ? length : 0
}
