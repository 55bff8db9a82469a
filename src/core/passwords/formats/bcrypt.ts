import { createHash, createHmac } from 'node:crypto'
import * as bcrypt from '@node-rs/bcrypt'
import { type HashReader, HashRefusal } from './stored-hash.ts'

const ceiling = 15

/** Makes the text that bcrypt hashes instead of a password, so that bytes after the 72nd count. */
type Prehash = (password: string, salt: string) => string

// bcrypt reads at most 72 bytes, and the program that made the hash did too. The first good login
// replaces the hash. After that, every byte counts.
const none: Prehash = (password) => password
const hexadecimal: Prehash = (password) => createHash('sha256').update(password).digest('hex')
const base64: Prehash = (password) => createHash('sha256').update(password).digest('base64')
const keyed: Prehash = (password, salt) =>
  createHmac('sha256', salt).update(password).digest('base64')

const version = '(?<version>2[aby])'
const cost = '(?<cost>\\d{1,2})'
const salt = '(?<salt>[./A-Za-z0-9]{22})'
const digest = '(?<digest>[./A-Za-z0-9]{31})'
const forms: readonly (readonly [form: RegExp, prehash: Prehash])[] = [
  // crypt's own, and Django's BCryptPasswordHasher, which puts a name before it.
  [new RegExp(`^(?:bcrypt\\$)?\\$${version}\\$${cost}\\$${salt}${digest}$`), none],
  // Django's BCryptSHA256PasswordHasher.
  [new RegExp(`^bcrypt_sha256\\$\\$${version}\\$${cost}\\$${salt}${digest}$`), hexadecimal],
  // passlib.hash.bcrypt_sha256: of passlib 1.7.3 and later, and of earlier versions.
  [new RegExp(`^\\$bcrypt-sha256\\$v=2,t=${version},r=${cost}\\$${salt}\\$${digest}$`), keyed],
  [new RegExp(`^\\$bcrypt-sha256\\$${version},${cost}\\$${salt}\\$${digest}$`), base64],
]

const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Clears the bits of the last sign that mean nothing: some programs set them, and others compare them. */
function clearPadding(text: string, bits: number): string {
  const last = alphabet.indexOf(text.slice(-1))
  return text.slice(0, -1) + alphabet.charAt((last >> bits) << bits)
}

/** bcrypt, plain or after SHA-256. */
export const readBcrypt: HashReader = (stored) => {
  if (!/^(\$2[abxy]?\$|\$bcrypt-sha256\$|bcrypt\$|bcrypt_sha256\$)/.test(stored)) return null
  for (const [form, prehash] of forms) {
    const { version, cost = '', ...rest } = stored.match(form)?.groups ?? {}
    if (rest.salt === undefined || rest.digest === undefined) continue
    // 16 bytes in 22 signs of 6 bits, and 23 in 31.
    const salt = clearPadding(rest.salt, 4)
    const digest = clearPadding(rest.digest, 2)
    if (Number(cost) < 4 || Number(cost) > ceiling) {
      throw new HashRefusal(`The bcrypt hash must have a cost of 4 to ${ceiling}.`)
    }
    // passlib writes a cost below 10 with one digit.
    const plain = `$${version}$${cost.padStart(2, '0')}$${salt}${digest}`
    return {
      kind: 'bcrypt',
      cost: String(Number(cost)),
      verify: (password) => bcrypt.verify(prehash(password, salt), plain),
    }
  }
  throw new HashRefusal('The bcrypt hash is not a whole one of 2a, 2b or 2y.')
}
