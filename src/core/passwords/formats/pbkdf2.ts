import { pbkdf2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import {
  base64Pattern,
  checkOutput,
  decodeBase64,
  type HashReader,
  HashRefusal,
} from './stored-hash.ts'

const derive = promisify(pbkdf2)
/** Half a second or so. Django 6 asks for 1 200 000. */
const ceiling = 2_000_000
const digestLengths = { sha1: 20, sha256: 32, sha512: 64 } as const

const digest = '(?<digest>sha1|sha256|sha512)'
const iterations = '(?<iterations>\\d{1,10})'
const text = '(?<text>[^$]+)'
const forms: readonly RegExp[] = [
  // Django: the salt is text.
  new RegExp(`^pbkdf2_${digest}\\$${iterations}\\$${text}\\$(?<base64>${base64Pattern})$`),
  // Werkzeug: the salt is text, the hash hexadecimal.
  new RegExp(`^pbkdf2:${digest}:${iterations}\\$${text}\\$(?<hex>(?:[0-9a-f]{2})+)$`),
  // passlib (`$pbkdf2$` is SHA-1), and PHC strings, as Auth0 takes them.
  new RegExp(
    `^\\$pbkdf2(?:-${digest})?\\$(?:i=)?${iterations}(?:,l=(?<length>\\d{1,3}))?\\$(?<salt>${base64Pattern})\\$(?<base64>${base64Pattern})$`,
  ),
]

/** PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-1, -256 or -512. */
export const readPbkdf2: HashReader = (stored) => {
  if (!/^\$?pbkdf2[:_$-]/.test(stored)) return null
  const groups = forms.map((form) => stored.match(form)?.groups).find((found) => found)
  if (!groups) {
    throw new HashRefusal('The pbkdf2 hash is not a whole one of SHA-1, SHA-256 or SHA-512.')
  }
  // The patterns let no other through.
  const algorithm = (groups.digest ?? 'sha1') as keyof typeof digestLengths
  const count = Number(groups.iterations)
  const salt =
    groups.salt === undefined ? Buffer.from(groups.text ?? '') : decodeBase64(groups.salt)
  const expected = groups.hex ? Buffer.from(groups.hex, 'hex') : decodeBase64(groups.base64 ?? '')
  checkOutput('pbkdf2', expected.length)
  if (groups.length !== undefined && Number(groups.length) !== expected.length) {
    throw new HashRefusal('The pbkdf2 hash is not of the length that it says.')
  }
  // Each block of output costs all the iterations.
  const blocks = Math.ceil(expected.length / digestLengths[algorithm])
  if (count < 1 || count * blocks > ceiling) {
    throw new HashRefusal(
      `The pbkdf2 hash costs too much: 1 to ${ceiling} iterations are borne, for all of its output.`,
    )
  }
  return {
    kind: `pbkdf2-${algorithm}`,
    cost: String(count * blocks),
    verify: async (password) =>
      timingSafeEqual(await derive(password, salt, count, expected.length, algorithm), expected),
  }
}
