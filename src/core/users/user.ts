import { ConflictError, UserError } from '../errors.ts'
import type { UserFields } from './user-fields.ts'
import type { UserRecord } from './user-store.ts'

/** A user as the rest of an application sees one: everything but the secrets. */
export interface User<Fields extends UserFields = UserFields>
  extends Pick<
    UserRecord,
    'id' | 'username' | 'role' | 'active' | 'createdAt' | 'email' | 'suspendedUntil'
  > {
  /** The application's own facts: what the schema of the option `userFields` returned. */
  readonly fields: Fields
  /** True if the user has proved to read the address. */
  readonly emailVerified: boolean
}

type BareAccount = Pick<
  UserRecord,
  'email' | 'emailKey' | 'emailVerifiedAt' | 'suspendedUntil' | 'deleteAt' | 'fields'
>

/** Of a user of whom nothing but a name is known: no address, no own fields, no dates. */
export const bareAccount: BareAccount = {
  email: null,
  emailKey: null,
  emailVerifiedAt: null,
  suspendedUntil: null,
  deleteAt: null,
  fields: {},
}

/** Leaves out the members that only core may see. */
export function toUser(record: UserRecord): User {
  const { id, username, role, active, createdAt, email, fields, suspendedUntil } = record
  const emailVerified = record.emailVerifiedAt !== null
  return { id, username, role, active, createdAt, email, emailVerified, fields, suspendedUntil }
}

/** The user that was looked for. @throws {UserError} `user_unknown` if there is none. */
export function existing<T extends object>(found: T | null): T {
  if (found === null) throw new UserError('user_unknown', ['There is no such user.'])
  return found
}

/** The same of a record, as others may see it. Throws as above. */
export function present(record: UserRecord | null): User {
  return toUser(existing(record))
}

/** Says what a store refused, in words for people. */
export function explainConflict(error: unknown): never {
  if (!(error instanceof ConflictError)) throw error
  const { code } = error
  if (code === 'client_taken') throw error
  const { as, says } = conflicts[code]
  throw new UserError(as, [says], { cause: error })
}

/** The refusal of a link. */
export function linkEnded(): UserError {
  return new UserError('link_ended', [conflicts.token_ended.says])
}

const conflicts = {
  username_taken: { as: 'username_taken', says: 'The username is taken.' },
  email_taken: { as: 'email_taken', says: 'Another user has verified the e-mail address.' },
  token_ended: {
    as: 'link_ended',
    says: 'The link has been used or has expired: ask for a new one.',
  },
  last_active: {
    as: 'last_admin',
    says: 'This is the last active administrator: make another one first.',
  },
  last_factor: {
    as: 'last_factor',
    says: 'The role of the user demands a second factor: add another one first.',
  },
  last_passkey: {
    as: 'last_factor',
    says: 'This is the last passkey, and there is no password: add another passkey first.',
  },
  passkey_known: {
    as: 'passkey_known',
    says: 'This passkey is known here already: use another one.',
  },
} as const
