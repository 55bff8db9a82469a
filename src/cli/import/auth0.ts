import { encodeBase64 } from '../../core/passwords/formats/stored-hash.ts'
import {
  BadEntry,
  type EntryFields,
  emailOf,
  fieldsIn,
  flagOf,
  instantOf,
  type Mapping,
  textOf,
  usernameOf,
} from './fields.ts'

/** Auth0: the export of its support (`passwordHash`), and the schema of its bulk import. */
export const auth0: Mapping = (fields) => ({
  username: usernameOf(fields, 'username', 'email'),
  passwordHash: textOf(fields, 'passwordHash', 'password_hash') ?? customHash(fields),
  active: !flagOf(fields, 'blocked'),
  createdAt: instantOf({ created_at: dateOf(fields.created_at) }, 'created_at'),
  ...emailOf(fields, 'email_verified'),
})

/** A date as MongoDB's JSON has it, in which Auth0's support exports: `{ "$date": … }`. */
function dateOf(value: unknown): unknown {
  const { $date = value } = fieldsIn(value)
  const { $numberLong = $date } = fieldsIn($date)
  const isMilliseconds = $date !== value && /^\d+$/.test(String($numberLong))
  return isMilliseconds ? Math.floor(Number($numberLong) / 1000) : $numberLong
}

/** `custom_password_hash`, as a hash of one text. */
function customHash(fields: EntryFields): string | undefined {
  if (fields.custom_password_hash === undefined) return undefined
  const custom = fieldsIn(fields.custom_password_hash)
  const hash = fieldsIn(custom.hash)
  const value = textOf(hash, 'value')
  const { algorithm } = custom
  if (value === undefined) throw new BadEntry('The custom_password_hash has no hash.value.')
  if (algorithm === 'bcrypt' || algorithm === 'argon2' || algorithm === 'pbkdf2') return value
  if (algorithm !== 'scrypt') {
    throw new BadEntry('The custom_password_hash must be of argon2, bcrypt, pbkdf2 or scrypt.')
  }
  const salt = fieldsIn(custom.salt)
  const cost = [Math.log2(Number(custom.cost)), custom.blockSize, custom.parallelization]
  const [n = Number.NaN, r = Number.NaN, p = Number.NaN] = cost.map(Number)
  return `$scrypt$ln=${n},r=${r},p=${p}$${encode(salt)}$${encode(hash)}`
}

function encode(part: EntryFields): string {
  const { encoding = 'utf8' } = part
  if (encoding !== 'utf8' && encoding !== 'hex' && encoding !== 'base64') {
    throw new BadEntry('The custom_password_hash must be encoded as base64, hex or utf8.')
  }
  return encodeBase64(Buffer.from(textOf(part, 'value') ?? '', encoding))
}
