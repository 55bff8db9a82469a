import { hash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Characters of chance: 178 bits. */
const secretLength = 30
/** Characters of a CRC-32 in base62. */
const checksumLength = 6

/**
 * A new key: the prefix, `_`, 30 random characters and 6 of their checksum. The form is that of GitHub's
 * tokens, so that programs which look for leaked secrets find keys without asking anybody.
 */
export function newApiKey(prefix: string): string {
  const secret = Array.from({ length: secretLength }, () => digits[randomInt(digits.length)]).join(
    '',
  )
  return `${prefix}_${secret}${checksumOf(secret)}`
}

/**
 * True if the text has the form of a key with this prefix, and its checksum fits. One wrong character is
 * always noticed. Says nothing about whether there is such a key.
 */
export function isApiKey(prefix: string, text: string): boolean {
  const start = prefix.length + 1
  if (text.length !== start + secretLength + checksumLength) return false
  if (!text.startsWith(prefix) || text[prefix.length] !== '_') return false
  const secret = text.slice(start, start + secretLength)
  return text.slice(start + secretLength) === checksumOf(secret)
}

/** SHA-256 of a key, in base64url: what is stored of it. */
export function apiKeyDigest(key: string): string {
  return hash('sha256', key, 'base64url')
}

/** The CRC-32 of a text in base62, with zeros before it. */
function checksumOf(text: string): string {
  let rest = crc32(text)
  let written = ''
  for (let position = 0; position < checksumLength; position++) {
    written = digits[rest % digits.length] + written
    rest = Math.floor(rest / digits.length)
  }
  return written
}
