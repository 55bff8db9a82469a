import type { FirebaseParameters } from '../../core/passwords/formats/firebase-scrypt.ts'
import type { ImportEntry } from '../../core/users/user-import.ts'
import { auth0 } from './auth0.ts'
import {
  BadEntry,
  type EntryFields,
  emailOf,
  fieldsIn,
  flagOf,
  instantOf,
  type Mapping,
  objectOf,
  textOf,
  usernameOf,
} from './fields.ts'
import { firebase } from './firebase.ts'
import { keycloak } from './keycloak.ts'
import type { FileEntry } from './records.ts'
import { supabase } from './supabase.ts'

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

const hashFields = ['passwordHash', 'password_hash', 'hashedPassword', 'hashed_password'] as const
const ownFields: ReadonlySet<string> = new Set([
  ...['username', 'email', 'password', ...hashFields, 'role', 'id'],
  ...['active', 'is_active', 'enabled', 'disabled', 'createdAt', 'created_at'],
  ...['emailVerified', 'email_verified', 'suspendedUntil', 'suspended_until', 'fields'],
])
/** How the hashes begin that are read. */
const hashBeginning =
  /^(?:\$[a-z\d-]+\$|(?:argon2|bcrypt(?:_sha256)?|scrypt|pbkdf2_sha(?:1|256))[$:]|pbkdf2:)/

/** Ours, and what people write by hand or with a line of SQL. */
const portcullis: Mapping = (fields) => {
  if (fields.password !== undefined) {
    throw new BadEntry('There must be a passwordHash and no password: passwords are not imported.')
  }
  const passwordHash = textOf(fields, ...hashFields)
  const hidden = unreadFields(fields).find((name) => hashBeginning.test(String(fields[name])))
  if (passwordHash === undefined && hidden !== undefined) {
    throw new BadEntry(`The field ${shown(hidden)} holds a hash: call it passwordHash.`)
  }
  const disabled = flagOf(fields, 'disabled')
  return {
    username: usernameOf(fields, 'username', 'email'),
    passwordHash,
    role: textOf(fields, 'role'),
    active: disabled === undefined ? flagOf(fields, 'active', 'is_active', 'enabled') : !disabled,
    createdAt: instantOf(fields, 'createdAt', 'created_at'),
    id: textOf(fields, 'id'),
    ...emailOf(fields, 'emailVerified', 'email_verified'),
    suspendedUntil: instantOf(fields, 'suspendedUntil', 'suspended_until'),
    fields: objectOf(fields, 'fields'),
  }
}

function unreadFields(fields: EntryFields): readonly string[] {
  return Object.keys(fields).filter((name) => !ownFields.has(name))
}

/** A name as a message has it. */
function shown(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 39)}…` : name)
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
    ...emailOf(fields),
  }
}

/** Whose export a record is of, by fields that the others do not have. */
function detect(fields: EntryFields): Source {
  if ('encrypted_password' in fields) return 'supabase'
  if ('localId' in fields) return 'firebase'
  if ('credentials' in fields || 'createdTimestamp' in fields) return 'keycloak'
  const isAuth0 = '_id' in fields || 'user_id' in fields || 'custom_password_hash' in fields
  if (isAuth0) return 'auth0'
  if ('model' in fields || 'date_joined' in fields) return 'django'
  return 'portcullis'
}

/** Makes import entries of file entries. */
export interface EntryMapper {
  map(entry: FileEntry): ImportEntry
  /** The fields that were in entries of our own form, and that nothing was read of. */
  unreadFields(): readonly string[]
}

/** Unread fields that are listed at most. */
const mostUnread = 20

/** Reads the entries of one source, or of whichever each looks like. */
export function createMapper(
  from: Source | undefined,
  parameters: FirebaseParameters | undefined,
): EntryMapper {
  const mappings: Readonly<Record<Source, Mapping>> = {
    portcullis,
    auth0,
    django,
    firebase: firebase(parameters),
    keycloak,
    supabase,
  }
  const unread = new Set<string>()
  return {
    map(entry) {
      if (entry.record === undefined) return entry
      const { line, record } = entry
      const source = from ?? detect(record)
      if (source === 'portcullis' && unread.size < mostUnread) {
        for (const name of unreadFields(record)) unread.add(shown(name))
      }
      try {
        return { line, user: mappings[source](record) }
      } catch (error) {
        if (error instanceof BadEntry) return { line, problem: error.message }
        throw error
      }
    },
    unreadFields: () => [...unread],
  }
}
