import { formatFirebaseHash } from '../../core/passwords/formats/firebase-scrypt.ts'
import { type EntryFields, instantOf, type Mapping, textOf, usernameOf } from './fields.ts'

/** Rows of `auth.users`. Their `role` is PostgreSQL's. */
export const supabase: Mapping = (fields) => {
  const hash = textOf(fields, 'encrypted_password')
  return {
    username: usernameOf(fields, 'email', 'phone'),
    passwordHash: hash && (firebaseHash(hash) ?? hash),
    active: textOf(fields, 'deleted_at') === undefined && !isBanned(fields),
    createdAt: instantOf(fields, 'created_at'),
    id: textOf(fields, 'id'),
    email: textOf(fields, 'email'),
    emailVerified: textOf(fields, 'email_confirmed_at', 'confirmed_at') !== undefined,
  }
}

function isBanned(fields: EntryFields): boolean {
  // PostgreSQL's timestamp behind all others.
  if (textOf(fields, 'banned_until') === 'infinity') return true
  return (instantOf(fields, 'banned_until') ?? 0) > Date.now() / 1000
}

/** The hash of a user who came from Firebase to Supabase, which names all that is needed. */
function firebaseHash(hash: string): string | undefined {
  const { n, r, separator, key, salt, output } =
    hash.match(
      /^\$fbscrypt\$v=1,n=(?<n>\d+),r=(?<r>\d+),p=1(?:,ss=(?<separator>[^,$]*))?,sk=(?<key>[^,$]+)\$(?<salt>[^$]+)\$(?<output>[^$]+)$/,
    )?.groups ?? {}
  if (salt === undefined || output === undefined) return undefined
  const parameters = {
    signerKey: key ?? '',
    saltSeparator: separator ?? '',
    rounds: Number(r),
    memoryCost: Number(n),
  }
  return formatFirebaseHash(parameters, salt, output)
}
