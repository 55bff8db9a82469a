import { createCipheriv, timingSafeEqual } from 'node:crypto'
import { checkScryptCost, deriveScrypt, describeScryptCost } from './scrypt.ts'
import {
  base64Pattern,
  checkOutput,
  decodeBase64,
  encodeBase64,
  type HashReader,
  HashRefusal,
} from './stored-hash.ts'

/** What all hashes of one Firebase project share: its "password hash parameters". */
export interface FirebaseParameters {
  /** Base64. Secret: without it nobody can try passwords against the hashes. */
  readonly signerKey: string
  /** Base64. */
  readonly saltSeparator: string
  /** Rounds of mixing, the `r` of scrypt. */
  readonly rounds: number
  /** The binary logarithm of scrypt's N. */
  readonly memoryCost: number
}

const prefix = '$firebase-scrypt$'
const form = new RegExp(
  `^\\$firebase-scrypt\\$m=(?<m>\\d{1,2}),r=(?<r>\\d{1,3}),sep=(?<separator>${base64Pattern}),key=(?<key>${base64Pattern})\\$(?<salt>${base64Pattern})\\$(?<hash>${base64Pattern})$`,
)

/** Writes a hash of Firebase with all that it takes to verify it. The encoding is ours, after PHC's. */
export function formatFirebaseHash(
  { signerKey, saltSeparator, rounds, memoryCost }: FirebaseParameters,
  salt: string,
  hash: string,
): string {
  const [separator, key, ...rest] = [saltSeparator, signerKey, salt, hash].map((part) =>
    encodeBase64(decodeBase64(part)),
  )
  return `${prefix}m=${memoryCost},r=${rounds},sep=${separator},key=${key}$${rest.join('$')}`
}

/**
 * Firebase's variant of scrypt: the derived key encrypts the project's signer key with AES-256-CTR,
 * and the hash is the result.
 */
export const readFirebaseScrypt: HashReader = (stored) => {
  if (!stored.startsWith(prefix)) return null
  const groups = stored.match(form)?.groups
  if (!groups) throw new HashRefusal('The firebase-scrypt hash is not a whole one.')
  const { m, r, separator = '', key = '', salt = '', hash = '' } = groups
  const cost = { n: 2 ** Number(m), r: Number(r), p: 1 }
  const signerKey = decodeBase64(key)
  const expected = decodeBase64(hash)
  const fullSalt = Buffer.concat([decodeBase64(salt), decodeBase64(separator)])
  checkScryptCost(cost)
  checkOutput('firebase-scrypt', expected.length)
  if (signerKey.length !== expected.length) {
    throw new HashRefusal('The firebase-scrypt hash is not of the length of its signer key.')
  }
  return {
    kind: 'firebase-scrypt',
    cost: describeScryptCost(cost),
    async verify(password) {
      const derived = await deriveScrypt(password, fullSalt, 32, cost)
      const cipher = createCipheriv('aes-256-ctr', derived, Buffer.alloc(16))
      return timingSafeEqual(cipher.update(signerKey), expected)
    },
  }
}
