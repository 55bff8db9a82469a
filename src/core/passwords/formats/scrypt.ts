import { type BinaryLike, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import {
  base64Pattern,
  checkOutput,
  decodeBase64,
  type HashReader,
  HashRefusal,
} from './stored-hash.ts'

const derive = promisify<BinaryLike, BinaryLike, number, ScryptOptions, Buffer>(scrypt)
/** Bytes that the lanes fill, one after the other: what bounds both the memory and the time. */
const ceiling = 256 * 1024 * 1024
/** Bytes that one hash may take, with what the lanes themselves do not fill. Node.js's own is 32 MiB. */
const maxmem = 2 * ceiling

const number = '\\d{1,9}'
const text = '(?<text>[^$]+)'
const forms: readonly RegExp[] = [
  // Werkzeug: the salt is text, the hash hexadecimal.
  new RegExp(
    `^scrypt:(?<n>${number}):(?<r>${number}):(?<p>${number})\\$${text}\\$(?<hex>(?:[0-9a-f]{2})+)$`,
  ),
  // Django: the salt is text.
  new RegExp(
    `^scrypt\\$(?<n>${number})\\$${text}\\$(?<r>${number})\\$(?<p>${number})\\$(?<base64>${base64Pattern})$`,
  ),
  // PHC strings, as passlib's are.
  new RegExp(
    `^\\$scrypt\\$ln=(?<ln>\\d{1,2}),r=(?<r>${number}),p=(?<p>${number})\\$(?<salt>${base64Pattern})\\$(?<base64>${base64Pattern})$`,
  ),
]

/** What the work of scrypt depends on (RFC 7914 §2). */
export interface ScryptCost {
  readonly n: number
  readonly r: number
  readonly p: number
}

/** scrypt (RFC 7914). */
export const readScrypt: HashReader = (stored) => {
  if (!/^\$?scrypt[:$]/.test(stored)) return null
  const groups = forms.map((form) => stored.match(form)?.groups).find((found) => found)
  if (!groups) throw new HashRefusal('The scrypt hash is not a whole one.')
  const n = groups.ln === undefined ? Number(groups.n) : 2 ** Number(groups.ln)
  const cost = { n, r: Number(groups.r), p: Number(groups.p) }
  const salt =
    groups.salt === undefined ? Buffer.from(groups.text ?? '') : decodeBase64(groups.salt)
  const expected = groups.hex ? Buffer.from(groups.hex, 'hex') : decodeBase64(groups.base64 ?? '')
  checkOutput('scrypt', expected.length)
  checkScryptCost(cost)
  return {
    kind: 'scrypt',
    cost: describeScryptCost(cost),
    verify: async (password) =>
      timingSafeEqual(await deriveScrypt(password, salt, expected.length, cost), expected),
  }
}

/** @throws {HashRefusal} if the work cannot be done, or takes too long or too much memory. */
export function checkScryptCost({ n, r, p }: ScryptCost): void {
  if (n < 2 || !Number.isInteger(Math.log2(n)) || r < 1 || p < 1) {
    throw new HashRefusal('The scrypt hash has a cost that is no power of two, or is zero.')
  }
  // RFC 7914 §6: N is less than 2^(128 * r / 8).
  if (n >= 2 ** (16 * r)) {
    throw new HashRefusal('The scrypt hash has a cost N that is too great for its r.')
  }
  if (128 * n * r * p > ceiling || 128 * r * (n + p + 2) > maxmem) {
    throw new HashRefusal(
      `The scrypt hash costs too much: at most ${ceiling / 1024 / 1024} MiB are borne, for all of its lanes together.`,
    )
  }
}

/** The cost in words. */
export function describeScryptCost({ n, r, p }: ScryptCost): string {
  return `n=${n},r=${r},p=${p}`
}

/** The key of a password, off the event loop. */
export function deriveScrypt(
  password: string,
  salt: Uint8Array,
  length: number,
  { n, r, p }: ScryptCost,
): Promise<Buffer> {
  return derive(password, salt, length, { N: n, r, p, maxmem })
}
