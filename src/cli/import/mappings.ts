import type { FirebaseParameters } from '../../core/passwords/formats/firebase-scrypt.ts'
import type { ImportEntry } from '../../core/users/user-import.ts'
import { auth0 } from './auth0.ts'
import {
  BadEntry,
  type Fields,
  fieldsIn,
  flagOf,
  instantOf,
  type Mapping,
  textOf,
  usernameOf,
} from './fields.ts'
import { firebase } from './firebase.ts'
import { keycloak } from './keycloak.ts'
import type { FileEntry } from './records.ts'

/** The systems whose exports are known. */
export const sources = [
  'portcullis',
  'auth0',
  'django',
  'firebase',
  'keycloak',
  'supabase',
] as const
export type Source = (typeof sources)[number]

/** Ours, and what people write by hand or with a line of SQL. */
const portcullis: Mapping = (fields) => {
  if (fields.password !== undefined) {
    throw new BadEntry('There must be a passwordHash and no password: passwords are not imported.')
  }
  const disabled = flagOf(fields, 'disabled')
  return {
    username: usernameOf(fields, 'username', 'email'),
    passwordHash: textOf(
      fields,
      'passwordHash',
      'password_hash',
      'hashedPassword',
      'hashed_password',
    ),
    role: textOf(fields, 'role'),
    active: disabled === undefined ? flagOf(fields, 'active', 'is_active', 'enabled') : !disabled,
    createdAt: instantOf(fields, 'createdAt', 'created_at'),
    id: textOf(fields, 'id'),
  }
}

/** Rows of `auth_user`, or what `dumpdata auth.user` writes. */
const django: Mapping = (row) => {
  const fields = row.fields === undefined ? row : fieldsIn(row.fields)
  const password = textOf(fields, 'password')
  return {
    username: usernameOf(fields, 'username', 'email'),
    // "!" and something random: Django's "unusable password".
    passwordHash: password?.startsWith('!') ? null : password,
    active: flagOf(fields, 'is_active'),
    createdAt: instantOf(fields, 'date_joined'),
  }
}

/** Rows of `auth.users`. Their `role` is PostgreSQL's. */
const supabase: Mapping = (fields) => ({
  username: usernameOf(fields, 'email', 'phone'),
  passwordHash: textOf(fields, 'encrypted_password'),
  active:
    textOf(fields, 'deleted_at') === undefined &&
    (instantOf(fields, 'banned_until') ?? 0) < Date.now() / 1000,
  createdAt: instantOf(fields, 'created_at'),
  id: textOf(fields, 'id'),
})

/** Whose export a record is of, by fields that the others do not have. */
function detect(fields: Fields): Source {
  if ('encrypted_password' in fields) return 'supabase'
  if ('localId' in fields) return 'firebase'
  if ('credentials' in fields || 'createdTimestamp' in fields) return 'keycloak'
  const isAuth0 = '_id' in fields || 'user_id' in fields || 'custom_password_hash' in fields
  if (isAuth0) return 'auth0'
  if ('model' in fields || 'date_joined' in fields) return 'django'
  return 'portcullis'
}

/** Makes import entries of file entries, from one source or from whichever each looks like. */
export function createMapping(
  from: Source | undefined,
  parameters: FirebaseParameters | undefined,
): (entry: FileEntry) => ImportEntry {
  const mappings: Readonly<Record<Source, Mapping>> = {
    portcullis,
    auth0,
    django,
    firebase: firebase(parameters),
    keycloak,
    supabase,
  }
  return (entry) => {
    if (entry.record === undefined) return entry
    const { line, record } = entry
    try {
      return { line, user: mappings[from ?? detect(record)](record) }
    } catch (error) {
      if (error instanceof BadEntry) return { line, problem: error.message }
      throw error
    }
  }
}
